#pragma once

#include "core/api/runtimetype.h"

#include <QHash>
#include <QTreeWidget>

namespace farcell {

// The GPUs of a machine and their MIG instances, each with a box to tick, its free memory and who
// sees it already. GUI thread.
class GpuPicker : public QTreeWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(GpuPicker)

public:
    explicit GpuPicker(QWidget *parent = nullptr);

    // `kernelNames`: for a person, by kernel id; `own`: the notebook's kernel, may be empty.
    void setOffer(const api::RuntimeOffer &offer, const QHash<QString, QString> &kernelNames,
                  const QString &own);
    void setChosen(const QStringList &uuids);
    [[nodiscard]] QStringList chosen() const; // UUIDs, in the machine's order
    [[nodiscard]] QString firstType() const;  // of the first chosen one: "H100"; may be empty

signals:
    void choiceChanged();

private:
    QTreeWidgetItem *addRow(QTreeWidgetItem *parent, const QString &title, const QString &note,
                            const QString &uuid, const QString &type);
    void fit();
    [[nodiscard]] QList<QTreeWidgetItem *> rows() const;
};

} // namespace farcell
