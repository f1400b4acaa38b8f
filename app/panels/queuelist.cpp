#include "app/panels/queuelist.h"

#include "app/panels/durations.h"

#include <QDropEvent>
#include <QKeyEvent>
#include <QPainter>

#include <algorithm>

namespace farcell {

namespace {

constexpr int rowHeight = 52;
constexpr int markWidth = 36;
constexpr int cancelWidth = 32;
constexpr int idRole = Qt::UserRole + 1;

double secondsSince(const QDateTime &time)
{
    return time.isValid() ? double(time.msecsTo(QDateTime::currentDateTimeUtc())) / 1000.0 : 0;
}

} // namespace

QueueList::QueueList(ThemeSource &theme, QWidget *parent)
    : QListWidget(parent)
{
    setItemDelegate(new QueueRowDelegate(theme, *this));
    setProperty("kind", QStringLiteral("panel"));
    setAccessibleName(tr("Queue"));
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(ScrollPerPixel);
    setDragDropMode(InternalMove);
    setDefaultDropAction(Qt::MoveAction);
    setContextMenuPolicy(Qt::CustomContextMenu);
    connect(this, &QListWidget::itemActivated, this, [this](QListWidgetItem *item) {
        if (const QueueItem *found = itemAtRow(row(item)))
            emit activatedItem(*found);
    });
    connect(&theme, &ThemeSource::themeChanged, viewport(), qOverload<>(&QWidget::update));
}

void QueueList::setQueue(const KernelQueue &queue, const QList<int> &cellNumbers, bool canReorder)
{
    if (state() == DraggingState)
        return; // the next change shows it
    m_queue = queue;
    m_cellNumbers = cellNumbers;
    m_canReorder = canReorder;
    const int selected = currentRow();
    while (count() > int(queue.items.size()))
        delete takeItem(count() - 1);
    while (count() < int(queue.items.size()))
        addItem(new QListWidgetItem);
    for (int i = 0; i < count(); ++i) {
        const QueueItem &entry = queue.items.at(i);
        QListWidgetItem *shown = item(i);
        shown->setText(QueueRowDelegate::firstLine(entry.code));
        shown->setToolTip(entry.code);
        shown->setData(idRole, entry.message.toString());
        Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
        if (canReorder && !entry.isRunning)
            flags |= Qt::ItemIsDragEnabled;
        shown->setFlags(flags);
    }
    if (selected >= 0 && count() > 0)
        setCurrentRow(std::min(selected, count() - 1));
    viewport()->update();
}

const QueueItem *QueueList::itemAtRow(int row) const
{
    return row >= 0 && row < int(m_queue.items.size()) ? &m_queue.items.at(row) : nullptr;
}

bool QueueList::stopsAfter(int row) const
{
    const QueueItem *item = itemAtRow(row);
    return item && !m_queue.stopAfter.isEmpty() && item->message == m_queue.stopAfter;
}

void QueueList::dropEvent(QDropEvent *event)
{
    QListWidget::dropEvent(event);
    sendOrder();
}

void QueueList::moveRow(int from, int to)
{
    const QueueItem *moved = itemAtRow(from);
    const QueueItem *place = itemAtRow(to);
    if (!m_canReorder || !moved || !place || moved->isRunning || place->isRunning)
        return;
    insertItem(to, takeItem(from));
    setCurrentRow(to);
    sendOrder();
}

void QueueList::sendOrder()
{
    QList<MsgId> order;
    for (int i = 0; i < count(); ++i) {
        const MsgId id(item(i)->data(idRole).toString());
        const bool runs =
            std::any_of(m_queue.items.begin(), m_queue.items.end(), [&id](const QueueItem &entry) {
                return entry.message == id && entry.isRunning;
            });
        if (!runs)
            order.append(id);
    }
    emit reorderRequested(order);
}

void QueueList::keyPressEvent(QKeyEvent *event)
{
    const QueueItem *item = itemAtRow(currentRow());
    if (item && event->key() == Qt::Key_Delete)
        emit cancelRequested(*item);
    else if (item && event->key() == Qt::Key_Up && event->modifiers() == Qt::ControlModifier)
        moveRow(currentRow(), currentRow() - 1);
    else if (item && event->key() == Qt::Key_Down && event->modifiers() == Qt::ControlModifier)
        moveRow(currentRow(), currentRow() + 1);
    else
        QListWidget::keyPressEvent(event);
}

int QueueList::cancelRowAt(const QPoint &pos) const
{
    const QModelIndex index = indexAt(pos);
    return index.isValid() && QueueRowDelegate::cancelRect(visualRect(index)).contains(pos)
               ? index.row()
               : -1;
}

void QueueList::mouseMoveEvent(QMouseEvent *event)
{
    const int row = cancelRowAt(event->pos());
    viewport()->setCursor(row >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    QListWidget::mouseMoveEvent(event);
    viewport()->update();
}

void QueueList::leaveEvent(QEvent *event)
{
    QListWidget::leaveEvent(event);
    viewport()->update();
}

void QueueList::mouseReleaseEvent(QMouseEvent *event)
{
    const int row = event->button() == Qt::LeftButton ? cancelRowAt(event->pos()) : -1;
    QListWidget::mouseReleaseEvent(event);
    if (const QueueItem *item = itemAtRow(row))
        emit cancelRequested(*item);
}

QueueRowDelegate::QueueRowDelegate(ThemeSource &theme, QueueList &list)
    : QStyledItemDelegate(&list)
    , m_theme(theme)
    , m_list(list)
{}

QSize QueueRowDelegate::sizeHint(const QStyleOptionViewItem & /*option*/,
                                 const QModelIndex & /*index*/) const
{
    return {160, rowHeight};
}

QRect QueueRowDelegate::cancelRect(const QRect &row)
{
    return {row.right() - cancelWidth, row.top(), cancelWidth, row.height()};
}

QString QueueRowDelegate::firstLine(const QString &code)
{
    const QStringList lines = code.split(QLatin1Char('\n'));
    for (const QString &line : lines) {
        if (!line.trimmed().isEmpty())
            return line.trimmed();
    }
    return {};
}

QString QueueRowDelegate::note(const QueueItem &item, int row) const
{
    QStringList parts;
    if (const int number = m_list.cellNumber(row); number > 0)
        parts << QueueList::tr("cell %1").arg(number);
    const bool knows = item.expectedSeconds >= 0;
    if (item.isRunning) {
        const QString elapsed = clockText(secondsSince(item.startedAt));
        parts
            << (knows
                    ? QueueList::tr("%1 of about %2").arg(elapsed, clockText(item.expectedSeconds))
                    : elapsed);
    } else if (knows) {
        parts << QueueList::tr("takes about %1").arg(roughText(item.expectedSeconds));
    } else if (item.queuedAt.isValid()) {
        parts << QueueList::tr("waiting %1").arg(roughText(secondsSince(item.queuedAt)));
    }
    if (m_list.stopsAfter(row))
        parts << QueueList::tr("the queue stops here");
    return parts.join(QStringLiteral("  ·  "));
}

void QueueRowDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                             const QModelIndex &index) const
{
    const QueueItem *item = m_list.itemAtRow(index.row());
    if (!item)
        return;
    const Theme &theme = m_theme.theme();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const bool hovered = option.state.testFlag(QStyle::State_MouseOver);
    const QRectF frame = QRectF(option.rect).adjusted(4, 1, -4, -1);
    painter->setPen(selected && m_list.hasFocus() ? QPen(theme.focusRing, 1.5) : QPen(Qt::NoPen));
    painter->setBrush(selected  ? theme.accentSoft
                      : hovered ? theme.hover
                                : QColor(Qt::transparent));
    painter->drawRoundedRect(frame, Theme::radius, Theme::radius);

    const QRect mark(option.rect.left() + 8, option.rect.top(), markWidth, option.rect.height());
    const qreal ratio = painter->device()->devicePixelRatioF();
    if (item->isRunning) {
        painter->drawPixmap(mark.center() - QPoint(9, 8),
                            m_theme.pixmap(QStringLiteral("play"), theme.accent, 18, ratio));
    } else {
        painter->setFont(theme.bodyStrong);
        painter->setPen(theme.textMuted);
        painter->drawText(mark, Qt::AlignCenter, QString::number(item->position));
    }
    const bool showsCancel = hovered || selected;
    const int left = mark.right() + 4;
    const int width = option.rect.right() - left - (showsCancel ? cancelWidth : 12);
    QFont code = theme.code;
    code.setPixelSize(13);
    painter->setFont(code);
    painter->setPen(theme.text);
    painter->drawText(
        QRect(left, option.rect.top() + 8, width, 18), Qt::AlignVCenter,
        painter->fontMetrics().elidedText(firstLine(item->code), Qt::ElideRight, width));
    painter->setFont(theme.caption);
    painter->setPen(theme.textMuted);
    painter->drawText(
        QRect(left, option.rect.top() + 26, width, 16), Qt::AlignVCenter,
        painter->fontMetrics().elidedText(note(*item, index.row()), Qt::ElideRight, width));
    if (item->isRunning && item->expectedSeconds > 0) {
        const double done =
            std::clamp(secondsSince(item->startedAt) / item->expectedSeconds, 0.0, 1.0);
        const QRectF bar(left, option.rect.bottom() - 5, width, 2);
        painter->fillRect(bar, theme.pressed);
        painter->fillRect(QRectF(bar.left(), bar.top(), bar.width() * done, 2), theme.accent);
    }
    if (m_list.stopsAfter(index.row()))
        painter->fillRect(
            QRectF(option.rect.left() + 8, option.rect.bottom() - 1, option.rect.width() - 16, 2),
            theme.warning);
    if (showsCancel) {
        const QRect cancel = cancelRect(option.rect);
        const bool over = cancel.contains(m_list.viewport()->mapFromGlobal(QCursor::pos()));
        painter->drawPixmap(cancel.center() - QPoint(11, 8),
                            m_theme.pixmap(QStringLiteral("close"),
                                           over ? theme.danger : theme.textFaint, 16, ratio));
    }
    painter->restore();
}

} // namespace farcell
