#include "app/connect/rowdelegate.h"

#include <QAbstractItemView>
#include <QPainter>

#include <algorithm>

namespace farcell {

namespace {

constexpr int rowHeight = 48;
constexpr int headingHeight = 28;
constexpr int markSize = 28;
constexpr int padding = 12;

} // namespace

RowDelegate::RowDelegate(ThemeSource &theme, QObject *parent)
    : QStyledItemDelegate(parent)
    , m_theme(theme)
{}

QSize RowDelegate::sizeHint(const QStyleOptionViewItem & /*option*/, const QModelIndex &index) const
{
    return {160, index.data(HeadingRole).toBool() ? headingHeight : rowHeight};
}

void RowDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                        const QModelIndex &index) const
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (index.data(HeadingRole).toBool()) {
        paintHeading(*painter, option.rect, index);
        painter->restore();
        return;
    }
    const Theme &theme = m_theme.theme();
    const QRectF frame = QRectF(option.rect).adjusted(1, 1, -1, -1);
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const auto *const view = qobject_cast<const QAbstractItemView *>(option.widget);
    const bool focused = selected && view != nullptr && view->hasFocus();
    QColor fill(Qt::transparent);
    if (selected)
        fill = theme.accentSoft;
    else if (option.state.testFlag(QStyle::State_MouseOver))
        fill = theme.hover;
    painter->setPen(focused ? QPen(theme.focusRing, 2) : QPen(Qt::NoPen));
    painter->setBrush(fill);
    painter->drawRoundedRect(frame, Theme::radius, Theme::radius);

    const QRect square(option.rect.left() + padding, option.rect.center().y() - markSize / 2 + 1,
                       markSize, markSize);
    paintMark(*painter, square, index);

    const bool checked = index.data(CheckedRole).toBool();
    const int left = square.right() + padding;
    const int right = option.rect.right() - padding - (checked ? 24 : 0);
    const int width = std::max(0, right - left);
    const QString note = index.data(NoteRole).toString();
    const int top = option.rect.top() + (note.isEmpty() ? (rowHeight - 20) / 2 : 6);
    painter->setFont(theme.body);
    painter->setPen(theme.text);
    painter->drawText(QRect(left, top, width, 20), Qt::AlignVCenter,
                      painter->fontMetrics().elidedText(index.data(Qt::DisplayRole).toString(),
                                                        Qt::ElideRight, width));
    painter->setFont(theme.caption);
    painter->setPen(theme.textMuted);
    painter->drawText(QRect(left, top + 19, width, 16), Qt::AlignVCenter,
                      painter->fontMetrics().elidedText(note, Qt::ElideMiddle, width));
    if (checked)
        painter->drawPixmap(
            QPoint(option.rect.right() - padding - 18, option.rect.center().y() - 8),
            m_theme.pixmap(QStringLiteral("check"), theme.accent, 18,
                           painter->device()->devicePixelRatioF()));
    painter->restore();
}

void RowDelegate::paintHeading(QPainter &painter, const QRect &row, const QModelIndex &index) const
{
    const Theme &theme = m_theme.theme();
    QFont font = theme.caption;
    font.setWeight(QFont::DemiBold);
    painter.setFont(font);
    painter.setPen(theme.textMuted);
    painter.drawText(row.adjusted(padding, 4, -padding, 0), Qt::AlignVCenter,
                     index.data(Qt::DisplayRole).toString());
}

void RowDelegate::paintMark(QPainter &painter, const QRect &square, const QModelIndex &index) const
{
    const Theme &theme = m_theme.theme();
    if (const QString icon = index.data(IconRole).toString(); !icon.isEmpty()) {
        painter.drawPixmap(
            square.topLeft() + QPoint(4, 4),
            m_theme.pixmap(icon, theme.textMuted, 20, painter.device()->devicePixelRatioF()));
        return;
    }
    if (const QString badge = index.data(BadgeRole).toString(); !badge.isEmpty()) {
        painter.setPen(QPen(theme.border, 1));
        painter.setBrush(theme.surfaceSunken);
        painter.drawRoundedRect(QRectF(square).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
        QFont font = theme.caption;
        font.setWeight(QFont::DemiBold);
        painter.setFont(font);
        painter.setPen(theme.accent);
        painter.drawText(square, Qt::AlignCenter, badge);
        return;
    }
    const QString state = index.data(DotRole).toString();
    if (state.isEmpty())
        return;
    QColor colour = theme.success;
    if (state == QLatin1String("busy"))
        colour = theme.warning;
    else if (state != QLatin1String("idle"))
        colour = theme.textFaint;
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawEllipse(QRectF(square).center(), 4, 4);
}

} // namespace farcell
