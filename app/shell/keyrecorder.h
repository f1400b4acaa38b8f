#pragma once

#include <QKeySequence>
#include <QLineEdit>
#include <QTimer>

namespace farcell {

// A field that records pressed keys, up to two strokes for a chord. GUI thread.
class KeyRecorder : public QLineEdit
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KeyRecorder)

public:
    explicit KeyRecorder(QWidget *parent = nullptr);

    void reset();

signals:
    void recorded(const QKeySequence &keys);

protected:
    bool event(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QList<QKeyCombination> m_strokes;
    QTimer m_pause; // after it, the next stroke starts a new recording
};

} // namespace farcell
