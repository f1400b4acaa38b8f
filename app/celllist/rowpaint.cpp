#include "app/celllist/cellrow.h"
#include "app/celllist/usagetext.h"
#include "app/editor/celleditor.h"
#include "app/theme/theme.h"
#include "core/notebook/notebookdocument.h"

#include <QPainter>
#include <QPainterPath>

namespace farcell {

namespace M = RowMetrics;

namespace {

constexpr int msPerSecond = 1000;
constexpr int spinPeriodMs = 1100;

QString elapsedText(qint64 ms)
{
    if (ms < msPerSecond)
        return QStringLiteral("%1 ms").arg(ms);
    const double seconds = static_cast<double>(ms) / msPerSecond;
    if (seconds < 60)
        return QStringLiteral("%1 s").arg(seconds, 0, 'f', seconds < 10 ? 1 : 0);
    const auto minutes = static_cast<qint64>(seconds) / 60;
    if (minutes < 60)
        return QStringLiteral("%1m %2s").arg(minutes).arg(static_cast<qint64>(seconds) % 60);
    return QStringLiteral("%1h %2m").arg(minutes / 60).arg(minutes % 60);
}

void drawPlay(QPainter &painter, const QRectF &circle, const QColor &colour)
{
    const QPointF c = circle.center() + QPointF(1, 0);
    const double r = circle.width() * 0.21;
    QPainterPath path;
    path.moveTo(c.x() - r * 0.8, c.y() - r);
    path.lineTo(c.x() + r, c.y());
    path.lineTo(c.x() - r * 0.8, c.y() + r);
    path.closeSubpath();
    QPen pen(colour, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
    painter.setPen(pen);
    painter.setBrush(colour);
    painter.drawPath(path);
}

void drawTriangle(QPainter &painter, const QRectF &area, bool closed, const QColor &colour)
{
    const QPointF c = area.center();
    QPainterPath path;
    if (closed) {
        path.moveTo(c.x() - 2.5, c.y() - 4.5);
        path.lineTo(c.x() + 2.5, c.y());
        path.lineTo(c.x() - 2.5, c.y() + 4.5);
    } else {
        path.moveTo(c.x() - 4.5, c.y() - 2.5);
        path.lineTo(c.x(), c.y() + 2.5);
        path.lineTo(c.x() + 4.5, c.y() - 2.5);
    }
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(colour, 1.8, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(path);
}

void drawGrip(QPainter &painter, QPointF centre, const QColor &colour)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    for (int row = -1; row <= 1; ++row) {
        for (int column = 0; column < 2; ++column)
            painter.drawEllipse(centre + QPointF(column * 5 - 2.5, row * 5), 1.2, 1.2);
    }
}

} // namespace

void CellRow::paint(QPainter &painter, const QRect &exposed, const RowLook &look)
{
    const Cell *c = cell();
    if (!c)
        return;
    const Theme &t = m_context.theme.theme();
    painter.setRenderHint(QPainter::Antialiasing);
    if (look.selected) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(t.accentSoft);
        painter.drawRoundedRect(m_geometry.column.adjusted(0, 1, 4, -1), Theme::radius,
                                Theme::radius);
    }
    if (look.current) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.editMode ? t.accent : t.borderStrong);
        const QRectF bar(m_geometry.column.left(), M::gap, 3, m_geometry.height - 2 * M::gap);
        if (!look.editMode)
            painter.setBrush(t.accent);
        painter.drawRoundedRect(bar, 1.5, 1.5);
    }
    if (!m_geometry.box.isNull())
        paintBox(painter, look);
    if (showsSource() && !m_editor)
        paintSourceText(painter, exposed);
    const bool rendered = c->kind == CellKind::Markdown;
    if (rendered && m_text) {
        paintBlock(painter, m_text.get(), m_geometry.text, exposed);
    } else if (rendered && !m_state.editing) {
        painter.setFont(t.body);
        painter.setPen(t.textFaint);
        painter.drawText(m_geometry.text, Qt::AlignVCenter | Qt::AlignLeft,
                         tr("Empty text cell: double-click to write"));
    }
    if (m_outputs)
        paintBlock(painter, m_outputs.get(), m_geometry.output, exposed);
    if (m_note)
        paintNote(painter, exposed);
    paintGutter(painter, look);
    if (m_state.hiddenCells > 0)
        paintFoldRow(painter, look);
}

void CellRow::paintNote(QPainter &painter, const QRect &exposed) const
{
    const Theme &t = m_context.theme.theme();
    const QRectF frame = QRectF(m_geometry.note)
                             .adjusted(-M::notePad, -M::notePad, M::notePad, M::notePad)
                             .adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setBrush(t.warningSoft);
    painter.setPen(QPen(t.warning, 1));
    painter.drawRoundedRect(frame, Theme::radius, Theme::radius);
    paintBlock(painter, m_note.get(), m_geometry.note, exposed);
}

void CellRow::paintBlock(QPainter &painter, Block *block, const QRect &rect,
                         const QRect &exposed) const
{
    const QRect area = exposed.intersected(rect);
    if (area.isEmpty())
        return;
    painter.save();
    painter.setClipRect(area, Qt::IntersectClip);
    painter.translate(rect.topLeft());
    block->paint(painter, QRectF(area.translated(-rect.topLeft())));
    painter.restore();
}

void CellRow::paintBox(QPainter &painter, const RowLook &look) const
{
    const Theme &t = m_context.theme.theme();
    const bool edit = look.current && look.editMode;
    painter.setBrush(t.surfaceSunken);
    painter.setPen(QPen(edit ? t.accent : look.hovered ? t.borderStrong : t.border, 1));
    const QRectF box = QRectF(m_geometry.box).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.drawRoundedRect(box, Theme::radius, Theme::radius);
    if (m_state.sourceCollapsed) {
        const QString source = cell()->source.trimmed();
        const QString first = source.section(u'\n', 0, 0);
        painter.setFont(t.code);
        painter.setPen(t.textFaint);
        const QRect line = m_geometry.box.adjusted(M::textInset, 0, -16, 0);
        painter.drawText(line, Qt::AlignVCenter | Qt::AlignLeft,
                         QFontMetrics(t.code).elidedText(first + QStringLiteral(" …"),
                                                         Qt::ElideRight, line.width() - 120));
        painter.setFont(t.caption);
        const qsizetype lines = source.count(u'\n') + 1;
        painter.drawText(line, Qt::AlignVCenter | Qt::AlignRight,
                         lines == 1 ? tr("1 line hidden") : tr("%1 lines hidden").arg(lines));
    }
    if (m_state.editing && cell()->kind == CellKind::Markdown) {
        painter.setPen(QPen(t.border, 1));
        const bool beside = m_geometry.text.left() > m_geometry.editor.right();
        if (beside) {
            const double x = m_geometry.text.left() - M::textInset + 0.5;
            painter.drawLine(QPointF(x, box.top() + 1), QPointF(x, box.bottom() - 1));
        } else {
            const double y = m_geometry.text.top() - M::boxPadY - 0.5;
            painter.drawLine(QPointF(box.left() + 1, y), QPointF(box.right() - 1, y));
        }
    }
}

// What stands in for an editor while the page flies by.
void CellRow::paintSourceText(QPainter &painter, const QRect &exposed) const
{
    const Theme &t = m_context.theme.theme();
    const QString &source = cell()->source;
    const QRect area = m_geometry.editor;
    const int line = m_context.lineHeight;
    const bool code = cell()->kind == CellKind::Code;
    const int left = area.left() + (code ? M::textInset - M::editorInset : 2);
    const QFontMetrics metrics(t.code);
    painter.save();
    painter.setClipRect(area, Qt::IntersectClip);
    painter.setFont(t.code);
    painter.setPen(t.syntax.plain);
    qsizetype start = 0;
    for (int y = area.top(); start <= source.size() && y < exposed.bottom(); y += line) {
        const qsizetype next = source.indexOf(u'\n', start);
        const qsizetype end = next < 0 ? source.size() : next;
        constexpr qsizetype mostShown = 400;
        if (y + line >= exposed.top())
            painter.drawText(left, y + 2 + metrics.ascent(),
                             source.mid(start, std::min(end - start, mostShown))
                                 .replace(u'\t', QLatin1String("    ")));
        start = end + 1;
    }
    painter.restore();
}

void CellRow::paintGutter(QPainter &painter, const RowLook &look) const
{
    const Theme &t = m_context.theme.theme();
    if (!m_geometry.runButton.isNull())
        paintRunButton(painter, look);
    if (!m_geometry.foldTriangle.isNull() && (look.hovered || m_state.hiddenCells > 0)) {
        const bool over = look.hoverPart == RowPart::FoldTriangle;
        drawTriangle(painter, m_geometry.foldTriangle, m_state.hiddenCells > 0,
                     over ? t.text : t.textFaint);
    }
    if (look.hovered && look.hoverPart == RowPart::Gutter) {
        const int y = std::min(m_geometry.height / 2, M::gap + 60);
        const bool button = !m_geometry.runButton.isNull();
        const int x = m_geometry.column.left() + (button ? 11 : M::gutter / 2 - 8);
        drawGrip(painter, QPointF(x, button ? m_geometry.runButton.center().y() + 1 : y),
                 t.textFaint);
    }
}

void CellRow::paintRunButton(QPainter &painter, const RowLook &look) const
{
    using Phase = CellRunState::Phase;
    const Theme &t = m_context.theme.theme();
    const QRectF circle = QRectF(m_geometry.runButton).adjusted(0.5, 0.5, -0.5, -0.5);
    const bool over = look.hoverPart == RowPart::RunButton && look.hovered;
    const Phase phase = m_state.run.phase;
    painter.setBrush(Qt::NoBrush);
    if (phase == Phase::Running) {
        painter.setPen(QPen(t.border, 2));
        painter.drawEllipse(circle);
        const auto angle = static_cast<int>((look.now % spinPeriodMs) * 360 / spinPeriodMs);
        painter.setPen(QPen(t.accent, 2, Qt::SolidLine, Qt::RoundCap));
        painter.drawArc(circle, -angle * 16, -100 * 16);
        painter.setPen(Qt::NoPen);
        painter.setBrush(over ? t.danger : t.text);
        painter.drawRoundedRect(QRectF(circle.center() - QPointF(4, 4), QSizeF(8, 8)), 1.5, 1.5);
    } else if (phase == Phase::Queued) {
        painter.setPen(QPen(t.borderStrong, 1.5, Qt::DotLine));
        painter.drawEllipse(circle);
        painter.setFont(t.caption);
        painter.setPen(t.textMuted);
        painter.drawText(circle, Qt::AlignCenter,
                         m_state.run.queuePosition > 0 ? QString::number(m_state.run.queuePosition)
                                                       : QStringLiteral("…"));
    } else if (over) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(t.accent);
        painter.drawEllipse(circle);
        drawPlay(painter, circle, t.textOnAccent);
    } else if (look.hovered || look.current) {
        painter.setPen(QPen(t.borderStrong, 1.2));
        painter.drawEllipse(circle);
        drawPlay(painter, circle, t.textMuted);
    } else {
        const std::optional<int> count = cell()->executionCount;
        QFont font = t.code;
        font.setPixelSize(std::max(9, t.code.pixelSize() - 1));
        painter.setFont(font);
        painter.setPen(t.textFaint);
        painter.drawText(circle.adjusted(-20, 0, 20, 0), Qt::AlignCenter,
                         count ? QStringLiteral("[%1]").arg(*count) : QStringLiteral("[ ]"));
    }
    paintStatus(painter, look);
}

// Below the button, where the row is tall enough: how the run went and how long it took.
void CellRow::paintStatus(QPainter &painter, const RowLook &look) const
{
    using Phase = CellRunState::Phase;
    const CellRunState &run = m_state.run;
    const bool running = run.phase == Phase::Running;
    const bool finished = run.phase == Phase::Succeeded || run.phase == Phase::Failed ||
                          run.phase == Phase::Interrupted;
    if ((!running && !finished) || m_geometry.status.isNull())
        return;
    const Theme &t = m_context.theme.theme();
    qint64 ms = run.elapsed.count();
    if (running)
        ms = run.startedAt.isValid() ? look.now - run.startedAt.toMSecsSinceEpoch() : 0;
    else if (run.usage) // the runtime knows when it really began and ended
        ms = qRound64(run.usage->seconds * msPerSecond);
    painter.setFont(t.caption);
    painter.setPen(run.phase == Phase::Failed        ? t.danger
                   : run.phase == Phase::Interrupted ? t.warning
                   : running                         ? t.accent
                                                     : t.textFaint);
    QRect line = m_geometry.status;
    line.setHeight(M::statusLine);
    const int flags = Qt::AlignHCenter | Qt::AlignTop | Qt::TextDontClip;
    painter.drawText(line, flags, elapsedText(std::max<qint64>(0, ms)));
    if (running || !run.usage)
        return;
    painter.setPen(t.textFaint);
    for (const QString &mark : usageMarks(*run.usage)) {
        line.translate(0, M::statusLine);
        if (line.bottom() > m_geometry.status.bottom())
            break;
        painter.drawText(line, flags, mark);
    }
}

void CellRow::paintFoldRow(QPainter &painter, const RowLook &look) const
{
    const Theme &t = m_context.theme.theme();
    const bool over = look.hovered && look.hoverPart == RowPart::FoldRow;
    painter.setPen(Qt::NoPen);
    painter.setBrush(over ? t.hover : t.surfaceSunken);
    painter.drawRoundedRect(m_geometry.foldRow, Theme::radius, Theme::radius);
    painter.setFont(t.body);
    painter.setPen(over ? t.text : t.textMuted);
    painter.drawText(
        m_geometry.foldRow.adjusted(M::textInset, 0, -8, 0), Qt::AlignVCenter | Qt::AlignLeft,
        QStringLiteral("↳  ") + (m_state.hiddenCells == 1
                                     ? tr("1 cell hidden")
                                     : tr("%1 cells hidden").arg(m_state.hiddenCells)));
    const bool overRun = look.hovered && look.hoverPart == RowPart::FoldRunButton;
    const QRectF circle = QRectF(m_geometry.foldRun).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setPen(overRun ? QPen(Qt::NoPen) : QPen(t.borderStrong, 1.2));
    painter.setBrush(overRun ? QBrush(t.accent) : QBrush(Qt::NoBrush));
    painter.drawEllipse(circle);
    drawPlay(painter, circle, overRun ? t.textOnAccent : t.textMuted);
}

} // namespace farcell
