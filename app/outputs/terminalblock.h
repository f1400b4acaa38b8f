#pragma once

#include "app/outputs/outputpart.h"
#include "app/outputs/terminalrows.h"
#include "app/outputs/terminaltext.h"

#include <QFont>

#include <memory>

class QTextLayout;

namespace farcell {

class ThemeSource;
struct TerminalLink;

// Terminal text in a cell: streams, tracebacks, plain text results. Line based, paints only the
// rows that show, so a hundred thousand lines cost no more than a screenful. GUI thread.
class TerminalBlock : public OutputPart
{
    Q_OBJECT
public:
    enum class Role
    {
        Output,
        Stderr,
        Error
    };

    TerminalBlock(ThemeSource &theme, Role role, QObject *parent = nullptr);
    ~TerminalBlock() override;

    void append(QStringView text);
    void setText(QStringView text);
    [[nodiscard]] Role role() const { return m_role; }
    [[nodiscard]] const TerminalText &text() const { return m_text; }

    struct Position
    {
        int line = 0;
        int column = 0; // UTF-16 index
        // NOLINTNEXTLINE(modernize-use-nullptr): the 0 it sees is in what the compiler generates
        friend auto operator<=>(const Position &, const Position &) = default;
    };
    [[nodiscard]] Position positionAt(QPointF pos) const;
    void setSelection(Position anchor, Position caret);
    [[nodiscard]] QString linkAt(QPointF pos) const;
    [[nodiscard]] qreal lineHeight() const { return m_lineHeight; }
    [[nodiscard]] qreal cellSize() const { return m_cell; } // width of a character

    qreal layout(qreal width) override;
    void paint(QPainter &painter, const QRectF &exposed) override;
    bool mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers) override;
    bool mouseMove(QPointF pos, Qt::MouseButtons buttons) override;
    bool mouseRelease(QPointF pos, Qt::MouseButton button) override;
    bool mouseDoubleClick(QPointF pos, Qt::MouseButton button) override;
    [[nodiscard]] Qt::CursorShape cursorAt(QPointF pos) const override;
    [[nodiscard]] QString toolTipAt(QPointF pos) const override;
    [[nodiscard]] bool hasSelection() const override;
    void clearSelection() override;
    void selectAll() override;
    [[nodiscard]] QMimeData *copySelection() const override;
    [[nodiscard]] QString plainText() const override;
    void setHighlights(const QList<std::pair<int, int>> &ranges, int current) override;
    [[nodiscard]] QRectF highlightRect(int index) const override;
    void themeChanged() override;

private:
    struct Hit
    {
        Position start;
        int length = 0;
    };
    struct RowColors
    {
        QColor foreground, background;
    };

    void measureFont();
    [[nodiscard]] qreal padding() const;
    [[nodiscard]] qreal top() const;
    [[nodiscard]] QString cutNote() const;
    [[nodiscard]] int shownLines() const;
    [[nodiscard]] qreal columnX(const TerminalLine &line, int first, int column, int end) const;
    [[nodiscard]] QColor tint() const;
    [[nodiscard]] RowColors colorsOf(const TerminalStyle &style) const;
    void paintRow(QPainter &painter, int line, int first, int end, qreal top);
    void paintMarks(QPainter &painter, int line, int first, int end, qreal top) const;
    void paintSimple(QPainter &painter, const TerminalLine &line, int first, int end, qreal top,
                     const std::vector<TerminalLink> &links);
    void paintShaped(QPainter &painter, const TerminalLine &line, int first, int end, qreal top,
                     const std::vector<TerminalLink> &links);
    void fillMark(QPainter &painter, const QColor &color, Position from, Position to, int line,
                  int first, int end, qreal top) const;
    [[nodiscard]] QString textBetween(Position from, Position to) const;
    [[nodiscard]] QFont styled(const TerminalStyle &style, bool link) const;

    ThemeSource &m_theme;
    Role m_role;
    TerminalText m_text;
    TerminalRows m_rows;
    QFont m_font;
    qreal m_cell = 8;
    qreal m_lineHeight = 18;
    qreal m_ascent = 13;
    qreal m_width = 0;
    Position m_anchor, m_caret;
    bool m_selecting = false;
    QPointF m_pressed;
    QString m_pressedLink;
    std::vector<Hit> m_hits;
    int m_currentHit = -1;
};

} // namespace farcell
