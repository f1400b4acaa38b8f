#pragma once

#include "app/notebook/runtimehub.h"
#include "app/panels/memoryholders.h"

#include <QWidget>

#include <optional>

class QButtonGroup;
class QLabel;
class QScrollArea;

namespace farcell {

class CellBands;
class HoldersView;
class ResourceGraphs;
class ResourceMonitor;
class ThemeSource;

// What the machine behind the notebook does, over minutes or hours, and who holds its memory.
// Asks and draws only while it is in sight. GUI thread; owned by the window, which restarts and
// goes to cells.
class ResourcesPanel : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ResourcesPanel)

public:
    ResourcesPanel(ResourceMonitor &monitor, CellBands &bands, ThemeSource &theme,
                   QWidget *parent = nullptr);

signals:
    void restartRequested(farcell::Runtime *runtime, const farcell::KernelId &kernel);
    void cellRequested(const farcell::CellId &cell);

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    void build();
    void refresh();
    void showState();
    void freeMemory(const KernelId &kernel, const QString &title);
    void tellFreed();
    void confirmRestart(const KernelId &kernel, const QString &title);
    void say(const QString &text, bool isError);
    [[nodiscard]] double gpuMemoryOf(const KernelId &kernel) const;

    struct Freed // a kernel that was asked to let go, and what it held before
    {
        KernelId kernel;
        QString title;
        double before = 0;
        int looks = -1; // told when so many looks at the GPUs were made; -1: not done yet
    };

    ResourceMonitor &m_monitor;
    ThemeSource &m_theme;
    QLabel *m_where, *m_state, *m_message, *m_holdersTitle, *m_gpuReason;
    QButtonGroup *m_spans;
    QWidget *m_spanRow;
    QScrollArea *m_scroll;
    ResourceGraphs *m_graphs;
    HoldersView *m_holders;
    std::optional<Freed> m_freed;
};

} // namespace farcell
