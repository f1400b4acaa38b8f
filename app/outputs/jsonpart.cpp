#include "app/outputs/jsonpart.h"

#include "app/theme/theme.h"

#include <QFontMetricsF>
#include <QMimeData>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace farcell {

namespace {

constexpr qreal lineHeight = 21;
constexpr qreal step = 18;
constexpr int maxChildren = 1000;  // shown of one branch
constexpr size_t openAtFirst = 40; // branches this small start open

QString dumped(const nlohmann::ordered_json &value, int indent)
{
    return QString::fromStdString(
        value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

} // namespace

JsonPart::JsonPart(ThemeSource &theme, nlohmann::ordered_json value, QObject *parent)
    : OutputPart(parent)
    , m_theme(theme)
    , m_root(std::move(value))
{
    m_lines.push_back({&m_root, {}, 0, 0, false});
    if (m_root.is_structured())
        openLine(0);
    if (m_root.size() <= 8) { // a small object shows its second level at once
        for (size_t i = m_lines.size(); i-- > 1;) {
            if (m_lines[i].value && m_lines[i].value->is_structured() &&
                m_lines[i].value->size() <= openAtFirst && m_lines.size() < 60)
                openLine(i);
        }
    }
}

std::vector<JsonPart::Line> JsonPart::childrenOf(const Line &line) const
{
    std::vector<Line> children;
    const Json &value = *line.value;
    int index = 0;
    for (auto it = value.begin(); it != value.end(); ++it, ++index) {
        if (index == maxChildren) {
            children.push_back(
                {nullptr, {}, line.depth + 1, static_cast<int>(value.size()) - maxChildren, false});
            break;
        }
        const QString key =
            value.is_object() ? QString::fromStdString(it.key()) : QString::number(index);
        children.push_back({&*it, key, line.depth + 1, 0, false});
    }
    return children;
}

void JsonPart::openLine(size_t at)
{
    const std::vector<Line> children = childrenOf(m_lines[at]);
    m_lines[at].open = true;
    m_lines.insert(m_lines.begin() + static_cast<std::ptrdiff_t>(at) + 1, children.begin(),
                   children.end());
}

void JsonPart::toggle(int index)
{
    const auto at = static_cast<size_t>(index);
    Line &line = m_lines[at];
    if (!line.value || !line.value->is_structured() || line.value->empty())
        return;
    m_selected = -1;
    if (!line.open) {
        openLine(at);
    } else {
        line.open = false;
        size_t end = at + 1;
        while (end < m_lines.size() && m_lines[end].depth > line.depth)
            ++end;
        m_lines.erase(m_lines.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                      m_lines.begin() + static_cast<std::ptrdiff_t>(end));
    }
    emit heightChanged();
}

qreal JsonPart::layout(qreal width)
{
    m_width = width;
    return static_cast<qreal>(m_lines.size()) * lineHeight;
}

QString JsonPart::valueText(const Json &value) const
{
    if (value.is_object())
        return value.empty() ? QStringLiteral("{}")
                             : tr("{ %n items }", nullptr, static_cast<int>(value.size()));
    if (value.is_array())
        return value.empty() ? QStringLiteral("[]")
                             : tr("[ %n items ]", nullptr, static_cast<int>(value.size()));
    const QString text = dumped(value, -1);
    return text.size() > 2000 ? text.left(2000) + QChar(0x2026) : text;
}

QColor JsonPart::valueColor(const Json &value) const
{
    const Theme::Syntax &syntax = m_theme.theme().syntax;
    if (value.is_string())
        return syntax.string;
    if (value.is_number())
        return syntax.number;
    if (value.is_boolean() || value.is_null())
        return syntax.keyword;
    return m_theme.theme().textFaint;
}

void JsonPart::paint(QPainter &painter, const QRectF &exposed)
{
    const Theme &theme = m_theme.theme();
    const int first = std::max(0, static_cast<int>(exposed.top() / lineHeight));
    const int last = std::min(lineCount() - 1, static_cast<int>(exposed.bottom() / lineHeight));
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    for (int i = first; i <= last; ++i) {
        if (i == m_selected)
            painter.fillRect(QRectF(0, i * lineHeight, m_width, lineHeight), theme.selection);
        paintLine(painter, m_lines[static_cast<size_t>(i)], i * lineHeight);
    }
    painter.restore();
}

void JsonPart::paintLine(QPainter &painter, const Line &line, qreal top) const
{
    const Theme &theme = m_theme.theme();
    qreal x = line.depth * step + 16;
    painter.setFont(theme.code);
    const QFontMetricsF metrics(theme.code);
    const qreal baseline = top + (lineHeight - metrics.height()) / 2 + metrics.ascent();
    const auto put = [&](const QString &text, const QColor &color) {
        painter.setPen(color);
        painter.drawText(QPointF(x, baseline), text);
        x += metrics.horizontalAdvance(text);
    };
    if (!line.value) {
        put(tr("… %n more", nullptr, line.more), theme.textFaint);
        return;
    }
    if (line.value->is_structured() && !line.value->empty()) {
        const QPointF centre(x - 9, top + lineHeight / 2);
        QPainterPath arrow;
        if (line.open) {
            arrow.moveTo(centre + QPointF(-3.5, -1.5));
            arrow.lineTo(centre + QPointF(0, 2.5));
            arrow.lineTo(centre + QPointF(3.5, -1.5));
        } else {
            arrow.moveTo(centre + QPointF(-1.5, -3.5));
            arrow.lineTo(centre + QPointF(2.5, 0));
            arrow.lineTo(centre + QPointF(-1.5, 3.5));
        }
        painter.strokePath(arrow,
                           QPen(theme.textMuted, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    }
    if (line.depth > 0) {
        put(line.key, theme.syntax.function);
        put(QStringLiteral(": "), theme.textFaint);
    }
    put(metrics.elidedText(valueText(*line.value), Qt::ElideRight, std::max(60.0, m_width - x)),
        valueColor(*line.value));
}

int JsonPart::lineAt(QPointF pos) const
{
    const int line = static_cast<int>(pos.y() / lineHeight);
    return pos.y() >= 0 && line < lineCount() ? line : -1;
}

bool JsonPart::mousePress(QPointF pos, Qt::MouseButton button, Qt::KeyboardModifiers)
{
    const int line = lineAt(pos);
    if (button != Qt::LeftButton || line < 0)
        return false;
    const qreal arrowEnd = m_lines[static_cast<size_t>(line)].depth * step + 16;
    if (pos.x() < arrowEnd) {
        toggle(line);
        return true;
    }
    m_selected = line;
    emit repaintNeeded({});
    return true;
}

bool JsonPart::mouseRelease(QPointF, Qt::MouseButton)
{
    return true;
}

Qt::CursorShape JsonPart::cursorAt(QPointF pos) const
{
    const int line = lineAt(pos);
    if (line < 0)
        return Qt::ArrowCursor;
    const Line &at = m_lines[static_cast<size_t>(line)];
    const bool arrow = at.value && at.value->is_structured() && !at.value->empty() &&
                       pos.x() < at.depth * step + 16;
    return arrow ? Qt::PointingHandCursor : Qt::ArrowCursor;
}

QString JsonPart::toolTipAt(QPointF) const
{
    return {};
}

void JsonPart::clearSelection()
{
    m_selected = -1;
    emit repaintNeeded({});
}

void JsonPart::selectAll()
{
    m_selected = 0;
    emit repaintNeeded({});
}

QMimeData *JsonPart::copySelection() const
{
    if (m_selected < 0 || !m_lines[static_cast<size_t>(m_selected)].value)
        return nullptr;
    auto *data = new QMimeData;
    data->setText(dumped(*m_lines[static_cast<size_t>(m_selected)].value, 2));
    return data;
}

QString JsonPart::plainText() const
{
    return dumped(m_root, 2);
}

void JsonPart::themeChanged()
{
    emit repaintNeeded({});
}

} // namespace farcell
