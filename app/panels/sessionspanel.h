#pragma once

#include "app/notebook/runtimehub.h"
#include "core/client/kernelreports.h"

#include <QHash>
#include <QPointer>
#include <QTimer>
#include <QWidget>

class QLabel;
class QToolButton;

namespace farcell {

class SessionList;
class ThemeSource;

// Every kernel of the runtimes this window knows: whose notebook, what it does and holds; open,
// interrupt, restart, shut down. Asked again every few seconds while it is in sight. GUI thread;
// owned by the window, which opens what is asked for.
class SessionsPanel : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SessionsPanel)

public:
    SessionsPanel(RuntimeHub &runtimes, ThemeSource &theme, QWidget *parent = nullptr);

    // The kernel of the notebook in front gets a mark.
    void setCurrentKernel(const KernelId &kernel);
    void refresh();

signals:
    void openRequested(farcell::Runtime *runtime, const farcell::KernelSummary &kernel);
    void shutdownRequested(farcell::Runtime *runtime, const farcell::KernelId &kernel);
    void restartRequested(farcell::Runtime *runtime, const farcell::KernelId &kernel);

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    struct Known
    {
        QList<KernelSummary> kernels;
        QString trouble; // why they are not known
    };
    void build();
    void ask(Runtime *runtime);
    void askJupyter(Runtime *runtime);
    void take(Runtime *runtime, const Result<QList<KernelSummary>> &kernels);
    void rebuild();
    void updateButtons();
    void interrupt();
    void confirm(bool shutdown);
    void showMenu(const QPoint &pos);

    RuntimeHub &m_runtimes;
    ThemeSource &m_theme;
    QHash<Runtime *, Known> m_known;
    KernelId m_current;
    SessionList *m_list;
    QLabel *m_message;
    QToolButton *m_open = nullptr;
    QToolButton *m_interrupt = nullptr;
    QToolButton *m_restart = nullptr;
    QToolButton *m_shutdown = nullptr;
    QTimer m_poll;
};

} // namespace farcell
