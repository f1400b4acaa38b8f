#pragma once

#include <QFrame>

class QPlainTextEdit;
class QTextEdit;

namespace farcell {

class ThemeSource;

// The help pager under the notebook: what `name?` answers, with its ANSI colours. Esc closes it.
// GUI thread; owned by NotebookView.
class Pager : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Pager)

public:
    explicit Pager(ThemeSource &theme, QWidget *parent = nullptr);

    void showText(const QString &ansiText);

signals:
    void closed();

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    void closePager();
    void render();

    ThemeSource &m_theme;
    QTextEdit *m_view;
    QString m_text;
};

} // namespace farcell
