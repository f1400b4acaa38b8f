#include "app/runtime/gpupicker.h"

#include "app/celllist/usagetext.h"
#include "core/notebook/runtimewish.h"

#include <QHeaderView>
#include <QScrollBar>
#include <QSignalBlocker>

#include <algorithm>

namespace farcell {

namespace {

enum Role
{
    UuidRole = Qt::UserRole,
    TypeRole
};

constexpr int mostRowsShown = 6;
constexpr int mostNames = 3;
constexpr int rowPadding = 12;

// "seen by 2 kernels: this notebook, a.ipynb"
QString seenBy(const QStringList &kernels, const QHash<QString, QString> &names, const QString &own)
{
    if (kernels.isEmpty())
        return GpuPicker::tr("no kernel sees it yet");
    QStringList who;
    for (const QString &id : kernels) {
        if (id == own)
            who.prepend(GpuPicker::tr("this notebook"));
        else
            who << names.value(id, GpuPicker::tr("another kernel"));
    }
    const qsizetype rest = who.size() - mostNames;
    QString list = who.mid(0, mostNames).join(QStringLiteral(", "));
    if (rest > 0)
        list += GpuPicker::tr(" and %1 more").arg(rest);
    return kernels.size() == 1
               ? GpuPicker::tr("seen by 1 kernel: %1").arg(list)
               : GpuPicker::tr("seen by %1 kernels: %2").arg(kernels.size()).arg(list);
}

QString memoryOf(const std::optional<api::GpuMemory> &memory)
{
    return memory ? GpuPicker::tr("%1 of %2 free")
                        .arg(memoryText(memory->free), memoryText(memory->total))
                  : GpuPicker::tr("memory not told");
}

} // namespace

GpuPicker::GpuPicker(QWidget *parent)
    : QTreeWidget(parent)
{
    setObjectName(QStringLiteral("gpuPicker"));
    setAccessibleName(tr("GPUs"));
    setHeaderHidden(true);
    setRootIsDecorated(false);
    setIndentation(20);
    setSelectionMode(NoSelection);
    setFocusPolicy(Qt::StrongFocus);
    setUniformRowHeights(false);
    setTextElideMode(Qt::ElideRight);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    connect(this, &QTreeWidget::itemChanged, this, &GpuPicker::choiceChanged);
    // The whole row is the box.
    connect(this, &QTreeWidget::itemActivated, this, [](QTreeWidgetItem *item) {
        if ((item->flags() & Qt::ItemIsUserCheckable) != 0)
            item->setCheckState(0,
                                item->checkState(0) == Qt::Checked ? Qt::Unchecked : Qt::Checked);
    });
}

QTreeWidgetItem *GpuPicker::addRow(QTreeWidgetItem *parent, const QString &title,
                                   const QString &note, const QString &uuid, const QString &type)
{
    auto *item = parent ? new QTreeWidgetItem(parent) : new QTreeWidgetItem(this);
    item->setText(0, title + QLatin1Char('\n') + note);
    const int lines = int(item->text(0).count(QLatin1Char('\n'))) + 1;
    item->setSizeHint(0, {0, lines * fontMetrics().lineSpacing() + rowPadding});
    item->setToolTip(0, uuid);
    item->setData(0, UuidRole, uuid);
    item->setData(0, TypeRole, type);
    item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable);
    item->setCheckState(0, Qt::Unchecked);
    return item;
}

void GpuPicker::setOffer(const api::RuntimeOffer &offer, const QHash<QString, QString> &kernelNames,
                         const QString &own)
{
    const QSignalBlocker blocker(this);
    clear();
    for (std::size_t i = 0; i < offer.gpus.gpus.size(); ++i) {
        const api::GpuDevice &gpu = offer.gpus.gpus[i];
        const QString type = gpuTypeOf(gpu.name);
        QStringList notes;
        QString seen; // a line of its own
        if (!gpu.error.isEmpty()) {
            notes << gpu.error;
        } else {
            notes << memoryOf(gpu.memory);
            seen = QLatin1Char('\n') +
                   seenBy(offer.kernels.size() > i ? offer.kernels[i] : QStringList(), kernelNames,
                          own);
            if (gpu.gpuUtilization)
                notes << tr("%1 % busy").arg(*gpu.gpuUtilization);
        }
        QTreeWidgetItem *row = addRow(nullptr, tr("GPU %1 · %2").arg(gpu.index).arg(gpu.name),
                                      notes.join(QStringLiteral("  ·  ")) + seen, gpu.uuid, type);
        if (!gpu.error.isEmpty())
            row->setFlags(Qt::NoItemFlags);
        for (const api::MigInstance &instance : gpu.instances)
            addRow(row, tr("MIG %1 · %2").arg(instance.index).arg(instance.name),
                   memoryOf(instance.memory), instance.uuid, type);
    }
    expandAll();
    fit();
}

void GpuPicker::fit()
{
    int height = 2 * frameWidth() + 2;
    const QList<QTreeWidgetItem *> all = rows();
    for (qsizetype i = 0; i < std::min<qsizetype>(all.size(), mostRowsShown); ++i)
        height += all.at(i)->sizeHint(0).height();
    setFixedHeight(height);
}

QList<QTreeWidgetItem *> GpuPicker::rows() const
{
    QList<QTreeWidgetItem *> list;
    for (int i = 0; i < topLevelItemCount(); ++i) {
        QTreeWidgetItem *gpu = topLevelItem(i);
        list << gpu;
        for (int k = 0; k < gpu->childCount(); ++k)
            list << gpu->child(k);
    }
    return list;
}

void GpuPicker::setChosen(const QStringList &uuids)
{
    const QSignalBlocker blocker(this);
    for (QTreeWidgetItem *row : rows())
        row->setCheckState(0, uuids.contains(row->data(0, UuidRole).toString()) ? Qt::Checked
                                                                                : Qt::Unchecked);
    viewport()->update();
}

QStringList GpuPicker::chosen() const
{
    QStringList uuids;
    for (const QTreeWidgetItem *row : rows()) {
        if (row->checkState(0) == Qt::Checked)
            uuids << row->data(0, UuidRole).toString();
    }
    return uuids;
}

QString GpuPicker::firstType() const
{
    for (const QTreeWidgetItem *row : rows()) {
        if (row->checkState(0) == Qt::Checked)
            return row->data(0, TypeRole).toString();
    }
    return {};
}

} // namespace farcell
