#include "app/notebook/largetextview.h"

#include "app/theme/theme.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QRegularExpression>
#include <QScrollBar>
#include <QUrl>

#include <algorithm>
#include <climits>
#include <cmath>
#include <utility>

namespace farcell {

namespace {

constexpr int margin = 12;
// A selection longer than this is copied as it was written, control characters and all.
constexpr qsizetype longCopy = 4'000'000;

// One line as it is given to the block: colours stay, what would move to another line does not.
QString lineFor(QStringView line)
{
    QString text = line.toString();
    if (text.contains(QChar(0x1b))) {
        static const QRegularExpression moves(QStringLiteral("\\x1b\\[[0-9;:?]*[ -/]*[@-ln-~]"));
        text.remove(moves);
    }
    return text;
}

bool isPlain(QStringView line)
{
    return std::none_of(line.begin(), line.end(),
                        [](QChar c) { return c < u' ' || c == QChar(0x7f) || c == QChar(0x9b); });
}

// What a terminal shows of one line.
QString shownOf(QStringView line)
{
    if (isPlain(line))
        return line.toString();
    TerminalText text;
    text.append(lineFor(line));
    return text.lines().front().text;
}

} // namespace

LargeTextView::LargeTextView(ThemeSource &theme, QWidget *parent)
    : QAbstractScrollArea(parent)
    , m_theme(theme)
    , m_block(theme, TerminalBlock::Role::Output)
{
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Output"));
    viewport()->setCursor(Qt::IBeamCursor);
    viewport()->setMouseTracking(true);
    connect(&m_block, &Block::repaintNeeded, viewport(), qOverload<>(&QWidget::update));
    connect(&m_block, &Block::linkActivated, this, &LargeTextView::linkActivated);
    connect(&theme, &ThemeSource::themeChanged, this, &LargeTextView::applyTheme);
}

LargeTextView::~LargeTextView() = default;

void LargeTextView::setLines(LineIndex lines)
{
    m_lines = std::move(lines);
    m_hits.clear();
    m_currentHit = -1;
    m_anchor = m_caret = {};
    updateBars();
    showLines();
}

void LargeTextView::applyTheme()
{
    m_block.themeChanged();
    updateBars();
    showLines();
}

qint64 LargeTextView::firstLine() const
{
    return verticalScrollBar()->value();
}

qint64 LargeTextView::linesSeen() const
{
    const qreal height = viewport()->height() - 2 * margin;
    return std::max<qint64>(1, static_cast<qint64>(height / m_block.lineHeight()));
}

QString LargeTextView::textSeen() const
{
    return m_block.plainText();
}

void LargeTextView::updateBars()
{
    const auto page = static_cast<int>(linesSeen());
    const auto lines = static_cast<int>(std::min<qint64>(m_lines.count(), INT_MAX));
    verticalScrollBar()->setRange(0, std::max(0, lines - page));
    verticalScrollBar()->setPageStep(page);
    verticalScrollBar()->setSingleStep(3);
    // A wide character takes two cells.
    const auto width = static_cast<int>(std::ceil(m_lines.widest() * m_block.cellSize()));
    const int room = viewport()->width() - 2 * margin;
    horizontalScrollBar()->setRange(0, std::max(0, width - room));
    horizontalScrollBar()->setPageStep(room);
    horizontalScrollBar()->setSingleStep(static_cast<int>(4 * m_block.cellSize()));
}

void LargeTextView::showLines()
{
    m_blockFirst = firstLine();
    const qint64 end = std::min(m_lines.count(), m_blockFirst + linesSeen() + 2);
    QString text;
    for (qint64 i = m_blockFirst; i < end; ++i) {
        if (i > m_blockFirst)
            text += u'\n';
        text += lineFor(m_lines.line(i));
    }
    m_block.setText(text);
    m_block.layout(2 * (LineIndex::longest + 8) * m_block.cellSize()); // never wraps
    showMarks();
}

TerminalBlock::Position LargeTextView::inBlock(Place place) const
{
    const auto lines = static_cast<qint64>(m_block.text().lines().size());
    if (place.line < m_blockFirst)
        return {};
    if (place.line >= m_blockFirst + lines) {
        const QString &last = m_block.text().lines().back().text;
        return {static_cast<int>(lines - 1), static_cast<int>(last.size())};
    }
    const auto line = static_cast<int>(place.line - m_blockFirst);
    const QString &text = m_block.text().lines()[static_cast<size_t>(line)].text;
    return {line, std::min(place.column, static_cast<int>(text.size()))};
}

void LargeTextView::showMarks()
{
    m_block.setSelection(inBlock(m_anchor), inBlock(m_caret));
    QList<std::pair<int, int>> shown;
    int current = -1;
    const auto &lines = m_block.text().lines();
    const qsizetype end = m_lines.startOf(m_blockFirst + static_cast<qint64>(lines.size()));
    auto hit = std::lower_bound(m_hits.begin(), m_hits.end(), m_lines.startOf(m_blockFirst));
    qint64 line = m_blockFirst;
    int before = 0; // characters of the lines above
    for (; hit != m_hits.end() && *hit < end; ++hit) {
        for (const qint64 own = m_lines.lineAt(*hit); line < own; ++line)
            before +=
                static_cast<int>(lines[static_cast<size_t>(line - m_blockFirst)].text.size()) + 1;
        const QStringView raw = m_lines.line(line);
        const qsizetype column = *hit - m_lines.startOf(line);
        const qsizetype at = shownOf(raw.first(std::min(column, raw.size()))).size();
        if (hit - m_hits.begin() == m_currentHit)
            current = static_cast<int>(shown.size());
        shown.append({before + static_cast<int>(at), m_hitLength});
    }
    m_block.setHighlights(shown, current);
    viewport()->update();
}

void LargeTextView::setHits(std::vector<qsizetype> hits, int length)
{
    m_hits = std::move(hits);
    m_hitLength = length;
    m_currentHit = -1;
    showMarks();
}

void LargeTextView::goToHit(qsizetype index)
{
    m_currentHit = index;
    if (index >= 0 && index < std::ssize(m_hits)) {
        const qsizetype at = m_hits[static_cast<size_t>(index)];
        const qint64 line = m_lines.lineAt(at);
        if (line < firstLine() || line >= firstLine() + linesSeen())
            verticalScrollBar()->setValue(static_cast<int>(line - linesSeen() / 2));
        const auto left =
            static_cast<int>(static_cast<qreal>(at - m_lines.startOf(line)) * m_block.cellSize());
        const auto right = left + static_cast<int>(m_hitLength * m_block.cellSize());
        QScrollBar *const bar = horizontalScrollBar();
        if (left < bar->value() || right > bar->value() + bar->pageStep())
            bar->setValue(left - bar->pageStep() / 3);
    }
    showMarks();
}

// --- selecting

QPointF LargeTextView::origin() const
{
    return {static_cast<qreal>(margin - horizontalScrollBar()->value()), margin};
}

LargeTextView::Place LargeTextView::placeAt(QPoint pos) const
{
    const TerminalBlock::Position at = m_block.positionAt(pos - origin());
    return {m_blockFirst + at.line, at.column};
}

void LargeTextView::select(Place anchor, Place caret)
{
    m_anchor = anchor;
    m_caret = caret;
    m_block.setSelection(inBlock(m_anchor), inBlock(m_caret));
}

QString LargeTextView::selectedText() const
{
    const Place from = std::min(m_anchor, m_caret);
    const Place to = std::max(m_anchor, m_caret);
    if (from == to)
        return {};
    const qsizetype start = m_lines.startOf(from.line);
    const qsizetype length = m_lines.startOf(to.line + 1) - start;
    if (length > longCopy)
        return m_lines.text().mid(start, length);
    QString text;
    for (qint64 i = from.line; i <= to.line && i < m_lines.count(); ++i) {
        const QString shown = shownOf(m_lines.line(i));
        const int first = i == from.line ? from.column : 0;
        const auto last = i == to.line ? to.column : static_cast<int>(shown.size());
        if (i > from.line)
            text += u'\n';
        text += QStringView(shown).mid(first, std::max(0, last - first));
    }
    return text;
}

void LargeTextView::copy() const
{
    if (const QString text = selectedText(); !text.isEmpty())
        QGuiApplication::clipboard()->setText(text);
}

void LargeTextView::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton)
        return;
    m_isSelecting = true;
    const Place at = placeAt(event->pos());
    select(event->modifiers().testFlag(Qt::ShiftModifier) ? m_anchor : at, at);
}

void LargeTextView::mouseMoveEvent(QMouseEvent *event)
{
    const QString link = m_block.linkAt(event->pos() - origin());
    viewport()->setCursor(link.isEmpty() ? Qt::IBeamCursor : Qt::PointingHandCursor);
    if (!m_isSelecting)
        return;
    QScrollBar *const bar = verticalScrollBar();
    if (event->pos().y() < 0)
        bar->setValue(bar->value() - bar->singleStep());
    else if (event->pos().y() > viewport()->height())
        bar->setValue(bar->value() + bar->singleStep());
    select(m_anchor, placeAt(event->pos()));
}

void LargeTextView::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton || !std::exchange(m_isSelecting, false))
        return;
    const QString link = m_block.linkAt(event->pos() - origin());
    if (m_anchor == m_caret && !link.isEmpty())
        emit linkActivated(QUrl(link, QUrl::TolerantMode));
}

void LargeTextView::mouseDoubleClickEvent(QMouseEvent *event)
{
    const Place at = placeAt(event->pos());
    const QString line = shownOf(m_lines.line(at.line));
    const auto isWord = [&line](int i) {
        return line[i].isLetterOrNumber() || line[i] == QLatin1Char('_');
    };
    int from = std::min(at.column, static_cast<int>(line.size()));
    int to = from;
    while (from > 0 && isWord(from - 1))
        --from;
    while (to < line.size() && isWord(to))
        ++to;
    select({at.line, from}, {at.line, to});
}

void LargeTextView::contextMenuEvent(QContextMenuEvent *event)
{
    QMenu menu(this);
    menu.addAction(tr("Copy"), this, &LargeTextView::copy)->setEnabled(m_anchor != m_caret);
    menu.addAction(tr("Select all"), this, [this] { select({}, {m_lines.count(), 0}); });
    menu.addAction(tr("Find"), this, &LargeTextView::findRequested);
    menu.exec(event->globalPos());
}

// --- keys, scrolling, painting

// The window has a command on the same keys, which is for notebooks.
bool LargeTextView::event(QEvent *event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        const auto *const key = static_cast<QKeyEvent *>(event);
        if (key->matches(QKeySequence::Find) || key->matches(QKeySequence::Copy) ||
            key->matches(QKeySequence::SelectAll)) {
            event->accept();
            return true;
        }
    }
    return QAbstractScrollArea::event(event);
}

void LargeTextView::keyPressEvent(QKeyEvent *event)
{
    QScrollBar *const bar = verticalScrollBar();
    if (event->matches(QKeySequence::Copy))
        copy();
    else if (event->matches(QKeySequence::SelectAll))
        select({}, {m_lines.count(), 0});
    else if (event->matches(QKeySequence::Find))
        emit findRequested();
    else if (event->key() == Qt::Key_Home)
        bar->setValue(0);
    else if (event->key() == Qt::Key_End)
        bar->setValue(bar->maximum());
    else if (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down)
        bar->setValue(bar->value() + (event->key() == Qt::Key_Up ? -1 : 1));
    else
        QAbstractScrollArea::keyPressEvent(event);
}

void LargeTextView::resizeEvent(QResizeEvent *)
{
    updateBars();
    showLines();
}

void LargeTextView::scrollContentsBy(int, int dy)
{
    if (dy != 0)
        showLines();
    viewport()->update();
}

void LargeTextView::paintEvent(QPaintEvent *event)
{
    QPainter painter(viewport());
    painter.fillRect(event->rect(), m_theme.theme().surface);
    painter.translate(origin());
    m_block.paint(painter, QRectF(event->rect()).translated(-origin()));
}

} // namespace farcell
