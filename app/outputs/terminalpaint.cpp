// The painting half of TerminalBlock.
#include "app/outputs/terminalblock.h"

#include "app/blocks/contrast.h"
#include "app/outputs/terminallinks.h"
#include "app/theme/theme.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QTextLayout>

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

void layOut(QTextLayout &layout)
{
    QTextOption option;
    option.setWrapMode(QTextOption::NoWrap);
    layout.setTextOption(option);
    layout.beginLayout();
    QTextLine line = layout.createLine();
    line.setLineWidth(1e6);
    layout.endLayout();
}

// Calls f(start, end, style) for each run of `line` within [first, end).
template <typename F>
void forEachRun(const TerminalLine &line, int first, int end, F f)
{
    if (line.runs.empty()) {
        f(first, end, 0);
        return;
    }
    auto run = std::upper_bound(line.runs.begin(), line.runs.end(), first,
                                [](int at, const auto &r) { return at < r.start; });
    int style = run == line.runs.begin() ? 0 : (run - 1)->style;
    int at = first;
    for (; at < end; ++run) {
        const int stop = run == line.runs.end() ? end : std::min(end, run->start);
        if (stop > at)
            f(at, stop, style);
        at = stop;
        if (run == line.runs.end())
            break;
        style = run->style;
    }
}

} // namespace

TerminalBlock::RowColors TerminalBlock::colorsOf(const TerminalStyle &style) const
{
    const Theme &theme = m_theme.theme();
    const auto resolve = [&](const TerminalStyle::Color &color, const QColor &fallback, bool bold) {
        if (color.kind == TerminalStyle::ColorKind::Indexed) {
            // Bold with one of the eight base colours means the bright one (jupyter.md 7.3).
            const uint32_t index = bold && color.value < 8 ? color.value + 8 : color.value;
            return theme.ansi[std::min<uint32_t>(index, 15)];
        }
        return color.kind == TerminalStyle::ColorKind::Rgb ? QColor::fromRgb(color.value)
                                                           : fallback;
    };
    RowColors colors{resolve(style.foreground, theme.text, style.bold),
                     resolve(style.background, {}, false)};
    if (style.background.kind == TerminalStyle::ColorKind::Indexed) {
        // As a background a text colour would hide the text: IPython marks code in this way.
        colors.background.setAlphaF(0.3F);
        colors.background = blended(colors.background, blended(tint(), theme.surface));
    }
    if (style.inverse) {
        const QColor front = colors.foreground;
        colors.foreground = colors.background.isValid() ? colors.background : theme.surface;
        colors.background = front;
    }
    if (style.foreground.kind == TerminalStyle::ColorKind::Rgb && !style.inverse)
        colors.foreground = readableOn(colors.foreground, colors.background.isValid()
                                                              ? colors.background
                                                              : blended(tint(), theme.surface));
    if (style.faint)
        colors.foreground.setAlphaF(0.65F);
    return colors;
}

// The colour the whole block stands on.
QColor TerminalBlock::tint() const
{
    const Theme &theme = m_theme.theme();
    return m_role == Role::Error    ? theme.dangerSoft
           : m_role == Role::Stderr ? theme.warningSoft
                                    : theme.surface;
}

QFont TerminalBlock::styled(const TerminalStyle &style, bool link) const
{
    QFont font = m_font;
    if (style.bold)
        font.setBold(true);
    if (style.italic)
        font.setItalic(true);
    if (style.underline || link)
        font.setUnderline(true);
    if (style.strike)
        font.setStrikeOut(true);
    return font;
}

void TerminalBlock::paint(QPainter &painter, const QRectF &exposed)
{
    const int rows = m_rows.count() == 0 ? 0 : m_rows.firstRow(shownLines());
    if (m_role != Role::Output) {
        painter.save();
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(tint());
        painter.drawRoundedRect(QRectF(0, 0, m_width, rows * m_lineHeight + top() + padding()),
                                Theme::radius, Theme::radius);
        painter.restore();
    }
    if (m_text.isCut() && exposed.top() < top()) {
        painter.setFont(m_theme.theme().caption);
        painter.setPen(m_theme.theme().textMuted);
        painter.drawText(QRectF(padding(), padding(), m_width - 2 * padding(), m_lineHeight),
                         Qt::AlignVCenter | Qt::AlignLeft, cutNote());
    }
    painter.setFont(m_font);
    const int from = std::max(0, static_cast<int>((exposed.top() - top()) / m_lineHeight));
    const int to = std::min(rows, static_cast<int>((exposed.bottom() - top()) / m_lineHeight) + 1);
    for (int row = from; row < to; ++row) {
        const TerminalRows::Place place = m_rows.at(row);
        const TerminalLine &line = m_text.lines()[static_cast<size_t>(place.line)];
        const auto [first, end] = m_rows.range(line, place.row);
        paintRow(painter, place.line, first, end, top() + row * m_lineHeight);
    }
}

void TerminalBlock::paintRow(QPainter &painter, int index, int first, int end, qreal top)
{
    const TerminalLine &line = m_text.lines()[static_cast<size_t>(index)];
    forEachRun(line, first, end, [&](int from, int to, int style) {
        const QColor background = colorsOf(m_text.styles()[static_cast<size_t>(style)]).background;
        if (!background.isValid())
            return;
        const qreal left = columnX(line, first, from, end);
        painter.fillRect(
            QRectF(padding() + left, top, columnX(line, first, to, end) - left, m_lineHeight),
            background);
    });
    paintMarks(painter, index, first, end, top);
    const std::vector<TerminalLink> links = findLinks(line.text);
    if (line.simple)
        paintSimple(painter, line, first, end, top, links);
    else
        paintShaped(painter, line, first, end, top, links);
}

void TerminalBlock::paintMarks(QPainter &painter, int line, int first, int end, qreal top) const
{
    const Theme &theme = m_theme.theme();
    for (size_t i = 0; i < m_hits.size(); ++i) {
        const Hit &hit = m_hits[i];
        if (hit.start.line != line)
            continue;
        const QColor color =
            static_cast<int>(i) == m_currentHit ? theme.findHitCurrent : theme.findHit;
        fillMark(painter, color, hit.start, {line, hit.start.column + hit.length}, line, first, end,
                 top);
    }
    if (hasSelection())
        fillMark(painter, theme.selection, std::min(m_anchor, m_caret), std::max(m_anchor, m_caret),
                 line, first, end, top);
}

void TerminalBlock::fillMark(QPainter &painter, const QColor &color, Position from, Position to,
                             int line, int first, int end, qreal top) const
{
    const Position start{line, first};
    const Position stop{line, end};
    if (to <= start || from > stop)
        return;
    const TerminalLine &text = m_text.lines()[static_cast<size_t>(line)];
    const qreal left = columnX(text, first, std::max(from, start).column, end);
    const bool goesOn = to > Position{line, static_cast<int>(text.text.size())};
    const qreal right = columnX(text, first, std::min(to, stop).column, end) +
                        (goesOn ? m_cell / 2 : 0); // the line break is selected too
    painter.fillRect(QRectF(padding() + left, top, right - left, m_lineHeight), color);
}

qreal TerminalBlock::columnX(const TerminalLine &line, int first, int column, int end) const
{
    if (line.simple)
        return (column - first) * m_cell;
    QTextLayout layout(line.text.mid(first, end - first), m_font);
    layOut(layout);
    return layout.lineAt(0).cursorToX(column - first);
}

void TerminalBlock::paintSimple(QPainter &painter, const TerminalLine &line, int first, int end,
                                qreal top, const std::vector<TerminalLink> &links)
{
    const auto draw = [&](int from, int to, const TerminalStyle &style, bool link) {
        if (to <= from)
            return;
        painter.setFont(styled(style, link || style.link >= 0));
        painter.setPen(link || style.link >= 0 ? m_theme.theme().link : colorsOf(style).foreground);
        painter.drawText(QPointF(padding() + (from - first) * m_cell, top + m_ascent),
                         line.text.mid(from, to - from));
    };
    forEachRun(line, first, end, [&](int from, int to, int index) {
        const TerminalStyle &style = m_text.styles()[static_cast<size_t>(index)];
        int at = from;
        for (const TerminalLink &link : links) {
            const int start = std::clamp(link.start, at, to);
            const int stop = std::clamp(link.start + link.length, start, to);
            draw(at, start, style, false);
            draw(start, stop, style, true);
            at = stop;
        }
        draw(at, to, style, false);
    });
}

void TerminalBlock::paintShaped(QPainter &painter, const TerminalLine &line, int first, int end,
                                qreal top, const std::vector<TerminalLink> &links)
{
    QTextLayout layout(line.text.mid(first, end - first), m_font);
    QList<QTextLayout::FormatRange> formats;
    forEachRun(line, first, end, [&](int from, int to, int index) {
        const TerminalStyle &style = m_text.styles()[static_cast<size_t>(index)];
        QTextLayout::FormatRange range;
        range.start = from - first;
        range.length = to - from;
        range.format.setFont(styled(style, style.link >= 0));
        range.format.setForeground(style.link >= 0 ? m_theme.theme().link
                                                   : colorsOf(style).foreground);
        formats.append(range);
    });
    for (const TerminalLink &link : links) {
        QTextLayout::FormatRange range;
        range.start = std::max(0, link.start - first);
        range.length = std::min(link.start + link.length, end) - first - range.start;
        range.format.setForeground(m_theme.theme().link);
        range.format.setFontUnderline(true);
        if (range.length > 0)
            formats.append(range);
    }
    layout.setFormats(formats);
    layOut(layout);
    const qreal shift = m_ascent - layout.lineAt(0).ascent();
    painter.setPen(m_theme.theme().text);
    layout.draw(&painter, QPointF(padding(), top + shift));
}

} // namespace farcell
