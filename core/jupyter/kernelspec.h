#pragma once

#include "core/base/result.h"

#include <QMap>
#include <QString>
#include <QStringList>

#include <nlohmann/json.hpp>

#include <vector>

namespace farcell {

// One installed kernel: its kernel.json and the directory it was found in.
struct KernelSpec
{
    QString name; // directory name, lower case
    QString directory;
    QStringList argv;
    QString displayName;
    QString language;
    QString interruptMode = QStringLiteral("signal"); // or "message"
    QMap<QString, QString> environment;
    nlohmann::json json; // kernel.json as it is, for the REST API

    // resource name without extension ("logo-64x64") -> file name, of files that exist
    [[nodiscard]] QMap<QString, QString> resources() const;
};

// Jupyter's search order: $JUPYTER_PATH, the user's data directory, the environment of python3 on
// PATH, /usr/local/share/jupyter, /usr/share/jupyter (jupyter.md 1.4). HOME may be empty.
[[nodiscard]] QStringList kernelSpecPath();
[[nodiscard]] std::vector<KernelSpec> findKernelSpecs();
[[nodiscard]] Result<KernelSpec> findKernelSpec(const QString &name);          // NotFound names it
[[nodiscard]] QString defaultKernelName(const std::vector<KernelSpec> &specs); // python3 if there

} // namespace farcell
