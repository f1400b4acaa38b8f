#pragma once

#include "app/connect/serverprobe.h"
#include "app/theme/theme.h"

#include <QListView>

class QStandardItemModel;

namespace farcell {

// What a notebook can run on: a new kernel of an installed kind, or one that already runs.
struct KernelChoice
{
    QString kernelSpec; // start a new one of this kind
    KernelId kernel;    // or use this running one
    QString kernelName; // its kind

    [[nodiscard]] bool isEmpty() const { return kernelSpec.isEmpty() && kernel.isEmpty(); }
};

// The list of kernel choices of one server. GUI thread.
class KernelList : public QListView
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KernelList)

public:
    explicit KernelList(ThemeSource &theme, QWidget *parent = nullptr);

    // `wanted` is the kernelspec to select, `current` the kernel in use (marked), may be empty.
    void setState(const ServerState &state, const QString &wanted, const KernelId &current = {});
    void clear();
    [[nodiscard]] KernelChoice choice() const; // empty if nothing is selected
    [[nodiscard]] int contentHeight() const;

signals:
    void choiceMade(const farcell::KernelChoice &choice); // Enter or a click on the selected row
    void choiceChanged();

private:
    void addSpecs(const ServerState &state);
    void addRunning(const ServerState &state, const KernelId &current);
    [[nodiscard]] KernelChoice choiceAt(const QModelIndex &index) const;

    QStandardItemModel *m_model;
};

} // namespace farcell
