#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;

namespace farcell {

class ThemeSource;

// The line a running cell asks for with input() or getpass(). Return sends it.
// GUI thread; owned by its row.
class InputBox : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(InputBox)

public:
    InputBox(ThemeSource &theme, const QString &prompt, bool password, QWidget *parent);

signals:
    void submitted(const QString &value);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void applyTheme();

    ThemeSource &m_theme;
    QLabel *m_prompt;
    QLineEdit *m_line;
};

} // namespace farcell
