#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QObject>

#include <array>

namespace farcell {

class SystemScheme;

// Every colour, font and measure of the app, light or dark. A value: read it when painting, never
// keep a colour of it. Sizes are device-independent pixels on a 4 px grid.
struct Theme
{
    bool dark = false;

    // Surfaces, from back to front.
    QColor window;        // window and rail background
    QColor surface;       // the page: notebook background
    QColor surfaceRaised; // menus, popups, cards
    QColor surfaceSunken; // code cell background, input fields
    QColor hover;         // row or button under the pointer
    QColor pressed;
    QColor border;       // hairlines
    QColor borderStrong; // field outlines

    QColor text, textMuted, textFaint, textOnAccent;
    QColor accent, accentHover, accentSoft; // accentSoft: tint behind selected things
    QColor danger, dangerSoft, warning, warningSoft, success, successSoft;
    QColor selection; // text selection
    QColor findHit, findHitCurrent;
    QColor focusRing;
    QColor link;

    // Code, for lexers and code in Markdown.
    struct Syntax
    {
        QColor plain, keyword, builtin, string, escape, number, comment, function, type, decorator,
            operatorSign, magic, error;
        QColor caretLine, lineNumber, indentGuide, bracketMatch, bracketBad;
    } syntax;

    std::array<QColor, 16> ansi; // black … white, then the bright ones

    // Type scale (pixel sizes): caption 11, body 13, code 13, title 15, heading 20.
    QFont caption, body, bodyStrong, title, heading, code;

    static constexpr int grid = 4;
    static constexpr int radius = 6;
};

// Tells which theme is on and when it changes (system switch, or the person's choice).
// GUI thread; created by main(), outlives all views.
class ThemeSource : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ThemeSource)

public:
    enum class Choice
    {
        System,
        Light,
        Dark
    };

    explicit ThemeSource(QObject *parent = nullptr);
    ~ThemeSource() override;

    [[nodiscard]] const Theme &theme() const { return m_theme; }
    [[nodiscard]] Choice choice() const { return m_choice; }
    void setChoice(Choice choice);
    [[nodiscard]] int codeFontSize() const { return m_codePixels; }
    void setCodeFontSize(int pixels); // 8..40; also scales nothing else

    // An icon of resources/icons by name ("play", "stop", …), tinted for the theme.
    [[nodiscard]] QIcon icon(const QString &name) const;
    [[nodiscard]] QIcon icon(const QString &name, const QColor &tint) const;
    [[nodiscard]] QPixmap pixmap(const QString &name, const QColor &tint, int size,
                                 qreal devicePixelRatio) const;

signals:
    void themeChanged();

private:
    void apply();

    Theme m_theme;
    SystemScheme *m_system;
    Choice m_choice = Choice::System;
    int m_codePixels = 13;
};

} // namespace farcell
