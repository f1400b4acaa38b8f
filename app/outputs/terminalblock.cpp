#include "app/outputs/terminalblock.h"

#include "app/outputs/terminallinks.h"
#include "app/theme/theme.h"

#include <QFontMetricsF>
#include <QGuiApplication>
#include <QMimeData>
#include <QStyleHints>
#include <QUrl>

#include <algorithm>
#include <cmath>

namespace farcell {

TerminalBlock::TerminalBlock(ThemeSource &theme, Role role, QObject *parent)
    : OutputPart(parent)
    , m_theme(theme)
    , m_role(role)
{
    measureFont();
}

TerminalBlock::~TerminalBlock() = default;

void TerminalBlock::measureFont()
{
    m_font = m_theme.theme().code;
    m_font.setKerning(false);
    const QFontMetricsF metrics(m_font);
    m_cell = std::max(1.0, metrics.horizontalAdvance(QString(64, QLatin1Char('0'))) / 64);
    m_lineHeight = std::ceil(metrics.height() * 1.15);
    m_ascent = std::round((m_lineHeight - metrics.height()) / 2 + metrics.ascent());
}

void TerminalBlock::append(QStringView text)
{
    m_text.append(text);
    if (const int dropped = m_text.takeDropped(); dropped > 0) {
        m_rows.drop(dropped);
        for (Position *const position : {&m_anchor, &m_caret}) {
            const bool gone = position->line < dropped;
            *position = gone ? Position{} : Position{position->line - dropped, position->column};
        }
        m_hits.clear(); // found anew in a moment
    }
    emit heightChanged();
}

void TerminalBlock::setText(QStringView text)
{
    m_text.clear();
    m_rows = TerminalRows();
    m_anchor = m_caret = {};
    m_hits.clear();
    append(text);
}

// Tinted outputs keep their text off the tint's edge.
qreal TerminalBlock::padding() const
{
    return m_role == Role::Output ? 0 : 8;
}

// Where the first line stands. A note is above it when there was more text.
qreal TerminalBlock::top() const
{
    return padding() + (m_text.isCut() ? m_lineHeight : 0);
}

QString TerminalBlock::cutNote() const
{
    return tr("This is the end of the output. “Open in tab” shows all of it.");
}

// A final newline opens no empty line, as in every terminal view.
int TerminalBlock::shownLines() const
{
    return static_cast<int>(m_text.lines().size()) - (m_text.endsWithNewline() ? 1 : 0);
}

qreal TerminalBlock::layout(qreal width)
{
    m_width = width;
    const int columns = std::max(8, static_cast<int>((width - 2 * padding()) / m_cell));
    m_rows.update(m_text.lines(), columns, m_text.takeFirstChanged());
    return m_rows.firstRow(shownLines()) * m_lineHeight + top() + padding();
}

bool TerminalBlock::mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers modifiers)
{
    if (button != Qt::LeftButton)
        return false;
    m_pressed = pos;
    m_pressedLink = linkAt(pos);
    m_selecting = true;
    m_caret = positionAt(pos);
    if (!modifiers.testFlag(Qt::ShiftModifier))
        m_anchor = m_caret;
    emit repaintNeeded({});
    return true;
}

bool TerminalBlock::mouseMove(QPointF pos, Qt::MouseButtons buttons)
{
    if (!m_selecting || !buttons.testFlag(Qt::LeftButton))
        return false;
    const Position caret = positionAt(pos);
    if (caret != m_caret) {
        m_caret = caret;
        emit repaintNeeded({});
    }
    return true;
}

bool TerminalBlock::mouseRelease(QPointF pos, Qt::MouseButton button)
{
    if (!m_selecting || button != Qt::LeftButton)
        return false;
    m_selecting = false;
    const bool moved =
        (pos - m_pressed).manhattanLength() >= QGuiApplication::styleHints()->startDragDistance();
    if (!moved && !m_pressedLink.isEmpty())
        emit linkActivated(QUrl(m_pressedLink, QUrl::TolerantMode));
    return true;
}

bool TerminalBlock::mouseDoubleClick(QPointF pos, Qt::MouseButton button)
{
    if (button != Qt::LeftButton)
        return false;
    const Position at = positionAt(pos);
    const QString &text = m_text.lines()[static_cast<size_t>(at.line)].text;
    const auto isWord = [&text](int i) {
        return text[i].isLetterOrNumber() || text[i] == QLatin1Char('_');
    };
    int from = at.column;
    int to = at.column;
    while (from > 0 && isWord(from - 1))
        --from;
    while (to < text.size() && isWord(to))
        ++to;
    m_anchor = {at.line, from};
    m_caret = {at.line, to};
    emit repaintNeeded({});
    return true;
}

TerminalBlock::Position TerminalBlock::positionAt(QPointF pos) const
{
    if (m_rows.count() == 0)
        return {};
    const int row = std::clamp(static_cast<int>((pos.y() - top()) / m_lineHeight), 0,
                               std::max(0, m_rows.firstRow(shownLines()) - 1));
    const TerminalRows::Place place = m_rows.at(row);
    const TerminalLine &line = m_text.lines()[static_cast<size_t>(place.line)];
    const auto [first, end] = m_rows.range(line, place.row);
    const qreal x = pos.x() - padding();
    if (line.simple)
        return {place.line,
                std::clamp(first + static_cast<int>(std::lround(x / m_cell)), first, end)};
    int best = first;
    for (int column = first; column <= end; ++column) {
        if (columnX(line, first, column, end) <= x + m_cell / 2)
            best = column;
    }
    return {place.line, best};
}

QString TerminalBlock::linkAt(QPointF pos) const
{
    if (m_text.lines().empty() || pos.x() < 0)
        return {};
    const Position at = positionAt(QPointF(pos.x() - m_cell / 2, pos.y()));
    const TerminalLine &line = m_text.lines()[static_cast<size_t>(at.line)];
    if (at.column >= line.text.size())
        return {};
    const auto run = std::upper_bound(line.runs.begin(), line.runs.end(), at.column,
                                      [](int c, const auto &r) { return c < r.start; });
    if (run != line.runs.begin()) {
        const int link = m_text.styles()[static_cast<size_t>((run - 1)->style)].link;
        if (link >= 0)
            return m_text.links()[static_cast<size_t>(link)];
    }
    for (const TerminalLink &link : findLinks(line.text)) {
        if (at.column >= link.start && at.column < link.start + link.length)
            return link.target;
    }
    return {};
}

Qt::CursorShape TerminalBlock::cursorAt(QPointF pos) const
{
    return linkAt(pos).isEmpty() ? Qt::IBeamCursor : Qt::PointingHandCursor;
}

QString TerminalBlock::toolTipAt(QPointF pos) const
{
    const QString link = linkAt(pos);
    return link.startsWith(QStringLiteral("farcell-cell:")) ? tr("Go to this cell") : link;
}

bool TerminalBlock::hasSelection() const
{
    return m_anchor != m_caret;
}

void TerminalBlock::clearSelection()
{
    m_anchor = m_caret;
    emit repaintNeeded({});
}

void TerminalBlock::setSelection(Position anchor, Position caret)
{
    m_anchor = anchor;
    m_caret = caret;
    emit repaintNeeded({});
}

void TerminalBlock::selectAll()
{
    m_anchor = {};
    const int last = std::max(0, shownLines() - 1);
    m_caret = {last, static_cast<int>(m_text.lines()[static_cast<size_t>(last)].text.size())};
    emit repaintNeeded({});
}

QString TerminalBlock::textBetween(Position from, Position to) const
{
    QString text;
    for (int i = from.line; i <= to.line && i < static_cast<int>(m_text.lines().size()); ++i) {
        const QString &line = m_text.lines()[static_cast<size_t>(i)].text;
        const int start = i == from.line ? from.column : 0;
        const int end = i == to.line ? to.column : static_cast<int>(line.size());
        if (i > from.line)
            text += QLatin1Char('\n');
        text += QStringView(line).mid(start, std::max(0, end - start));
    }
    return text;
}

QMimeData *TerminalBlock::copySelection() const
{
    if (!hasSelection())
        return nullptr;
    const QString text = textBetween(std::min(m_anchor, m_caret), std::max(m_anchor, m_caret));
    auto *data = new QMimeData;
    data->setText(text);
    data->setHtml(QStringLiteral("<pre>") + text.toHtmlEscaped() + QStringLiteral("</pre>"));
    return data;
}

QString TerminalBlock::plainText() const
{
    return m_text.plainText();
}

void TerminalBlock::setHighlights(const QList<std::pair<int, int>> &ranges, int current)
{
    m_hits.clear();
    m_currentHit = current;
    size_t line = 0;
    qsizetype offset = 0;
    const std::deque<TerminalLine> &lines = m_text.lines();
    for (const auto &[start, length] : ranges) {
        if (start < offset) { // unsorted ranges: begin anew
            line = 0;
            offset = 0;
        }
        while (line + 1 < lines.size() && offset + lines[line].text.size() < start)
            offset += lines[line++].text.size() + 1;
        m_hits.push_back({{static_cast<int>(line), static_cast<int>(start - offset)}, length});
    }
    emit repaintNeeded({});
}

QRectF TerminalBlock::highlightRect(int index) const
{
    if (index < 0 || index >= static_cast<int>(m_hits.size()) || m_rows.count() == 0)
        return {};
    const Position at = m_hits[static_cast<size_t>(index)].start;
    const int row = m_rows.firstRow(at.line) + at.column / std::max(1, m_rows.columns());
    return {padding(), top() + row * m_lineHeight, m_width - 2 * padding(), m_lineHeight};
}

void TerminalBlock::themeChanged()
{
    measureFont();
    emit heightChanged();
}

} // namespace farcell
