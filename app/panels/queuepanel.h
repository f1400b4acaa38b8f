#pragma once

#include "core/client/kernelreports.h"

#include <QFuture>
#include <QPointer>
#include <QTimer>
#include <QWidget>

#include <functional>

class QLabel;
class QToolButton;

namespace farcell {

class KernelControl;
class NotebookView;
class QueueList;
class ThemeSource;

// What the notebook's kernel has before it: the running cell and those that wait, with their
// expected time; cancel, reorder by dragging, pause, stop after a cell. On servers that keep no
// queue it shows the window's own, where cells can only be taken out. GUI thread; owned by the
// window.
class QueuePanel : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(QueuePanel)

public:
    explicit QueuePanel(ThemeSource &theme, QWidget *parent = nullptr);

    void setNotebook(NotebookView *notebook);

private:
    void build();
    void refresh();
    void showHead(const KernelQueue &queue, bool isKept);
    [[nodiscard]] KernelQueue localQueue() const;
    [[nodiscard]] KernelQueue shownQueue() const;
    void goTo(const QueueItem &item);
    void cancel(const QueueItem &item);
    void reorder(const QList<MsgId> &order);
    void setStopAfter(const MsgId &item);
    void showMenu(const QPoint &pos);
    void report(const Error &error);
    void tell(const std::function<QFuture<Result<>>(KernelControl &, const KernelId &)> &what);

    ThemeSource &m_theme;
    QPointer<NotebookView> m_notebook;
    QueueList *m_list;
    QLabel *m_state, *m_message;
    QToolButton *m_pause = nullptr;
    QToolButton *m_stopAfter = nullptr;
    QTimer m_tick; // elapsed times
};

} // namespace farcell
