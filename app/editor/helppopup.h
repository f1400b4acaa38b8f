#pragma once

#include <QFrame>
#include <QPointer>

class QTextBrowser;

namespace farcell {

class CellEditor;
class ThemeSource;

// Signature and documentation at the caret, as the kernel gives them: monospaced text with ANSI
// colours. Scrolls when long; closes with Esc, with typing on, or with a click elsewhere.
// GUI thread; never takes the focus.
class HelpPopup : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(HelpPopup)

public:
    HelpPopup(ThemeSource &theme, QWidget *parent);

    void open(CellEditor &editor, const QString &text);
    void dismiss();

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    ThemeSource &m_theme;
    QPointer<CellEditor> m_editor;
    QTextBrowser *m_text;
};

// Plain text with ANSI colour sequences as HTML in the theme's colours; other sequences vanish.
[[nodiscard]] QString ansiToHtml(const QString &text, const ThemeSource &theme);

} // namespace farcell
