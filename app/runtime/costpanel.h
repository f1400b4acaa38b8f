#pragma once

#include "core/base/ids.h"

#include <QPointer>
#include <QTimer>
#include <QWidget>

class QLabel;
class QPushButton;
class QTreeWidget;

namespace farcell {

class CellCosts;
class NotebookView;
class ThemeSource;
struct CellCost;

// "What did my cells cost": one row for each cell that ran, sortable by each of its figures, and
// the sum of all executions. Writes them into the notebook when asked. GUI thread; owned by the
// window.
class CostPanel : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CostPanel)

public:
    enum Column
    {
        CellColumn,
        TimeColumn,
        GpuMemoryColumn,
        GpuColumn,
        EnergyColumn,
        MemoryColumn,
        CpuColumn,
        ColumnCount
    };

    CostPanel(CellCosts &costs, ThemeSource &theme, QWidget *parent = nullptr);

    void setNotebook(NotebookView *notebook); // null: none

signals:
    void cellRequested(const farcell::CellId &cell);

protected:
    void showEvent(QShowEvent *event) override;

private:
    void build();
    void refreshSoon();
    void refresh();
    void fitColumns();
    void showRows();
    void showSum();
    void applyTheme();

    CellCosts &m_costs;
    ThemeSource &m_theme;
    QPointer<NotebookView> m_notebook;
    QTreeWidget *m_rows;
    QLabel *m_sum, *m_empty, *m_hint;
    QPushButton *m_write, *m_remove;
    QTimer m_due;
};

} // namespace farcell
