#pragma once

#include "app/theme/theme.h"
#include "core/client/kernelreports.h"

#include <QListWidget>
#include <QStyledItemDelegate>

namespace farcell {

// The rows of the Queue panel: what runs, what waits, in order; waiting ones can be dragged to
// another place and taken out. GUI thread.
class QueueList : public QListWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(QueueList)

public:
    explicit QueueList(ThemeSource &theme, QWidget *parent = nullptr);

    // `cellNumbers`: of the items, from 1; 0 where the notebook does not have the cell.
    void setQueue(const KernelQueue &queue, const QList<int> &cellNumbers, bool canReorder);
    [[nodiscard]] const QueueItem *itemAtRow(int row) const; // null if there is no such row
    [[nodiscard]] bool stopsAfter(int row) const;
    [[nodiscard]] int cellNumber(int row) const { return m_cellNumbers.value(row); }

signals:
    void activatedItem(const farcell::QueueItem &item);
    void cancelRequested(const farcell::QueueItem &item);
    void reorderRequested(const QList<farcell::MsgId> &order); // of those that wait

protected:
    void dropEvent(QDropEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;

private:
    void moveRow(int from, int to);
    void sendOrder();
    [[nodiscard]] int cancelRowAt(const QPoint &pos) const; // -1: not over a cancel button

    KernelQueue m_queue;
    QList<int> m_cellNumbers;
    bool m_canReorder = false;
};

// Paints one row: mark, first line of code, times.
class QueueRowDelegate : public QStyledItemDelegate
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(QueueRowDelegate)

public:
    QueueRowDelegate(ThemeSource &theme, QueueList &list);

    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option,
                                 const QModelIndex &index) const override;
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;

    [[nodiscard]] static QRect cancelRect(const QRect &row);
    [[nodiscard]] static QString firstLine(const QString &code);

private:
    [[nodiscard]] QString note(const QueueItem &item, int row) const;

    ThemeSource &m_theme;
    QueueList &m_list;
};

} // namespace farcell
