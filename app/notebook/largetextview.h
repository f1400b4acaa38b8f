#pragma once

#include "app/outputs/terminalblock.h"
#include "core/notebook/lineindex.h"

#include <QAbstractScrollArea>

#include <vector>

namespace farcell {

class ThemeSource;

// A text of any length, read-only, as a terminal shows it: only the lines that are seen are laid
// out. Select with mouse or keyboard, copy, marks what was found. Lines are not wrapped.
// GUI thread. Not here: finding, and reading where the lines begin (OutputPage).
class LargeTextView : public QAbstractScrollArea
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(LargeTextView)

public:
    explicit LargeTextView(ThemeSource &theme, QWidget *parent = nullptr);
    ~LargeTextView() override;

    void setLines(LineIndex lines);
    [[nodiscard]] const LineIndex &lines() const { return m_lines; }
    // Marks `length` characters at each of these places, in order, and goes to the current one.
    void setHits(std::vector<qsizetype> hits, int length);
    void goToHit(qsizetype index); // -1: to none
    [[nodiscard]] QString selectedText() const;
    [[nodiscard]] qint64 firstLine() const; // that is seen
    [[nodiscard]] qint64 linesSeen() const; // as many as fit
    [[nodiscard]] QString textSeen() const;

signals:
    void findRequested();
    void linkActivated(const QUrl &url);

protected:
    bool event(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void scrollContentsBy(int dx, int dy) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;

private:
    struct Place
    {
        qint64 line = 0;
        int column = 0; // in what is shown of the line
        // NOLINTNEXTLINE(modernize-use-nullptr): the 0 it sees is in what the compiler generates
        friend auto operator<=>(const Place &, const Place &) = default;
    };

    void applyTheme();
    void updateBars();
    void showLines(); // lays out what is seen
    void showMarks();
    void copy() const;
    void select(Place anchor, Place caret);
    [[nodiscard]] QPointF origin() const; // of the block, in the viewport
    [[nodiscard]] Place placeAt(QPoint pos) const;
    [[nodiscard]] TerminalBlock::Position inBlock(Place place) const;

    ThemeSource &m_theme;
    LineIndex m_lines;
    TerminalBlock m_block; // the lines that are seen
    qint64 m_blockFirst = 0;
    std::vector<qsizetype> m_hits;
    int m_hitLength = 0;
    qsizetype m_currentHit = -1;
    Place m_anchor, m_caret;
    bool m_isSelecting = false;
};

} // namespace farcell
