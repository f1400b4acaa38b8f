#pragma once

#include "core/api/runtimetype.h"
#include "core/base/result.h"
#include "core/jupyter/kernelspec.h"

#include <QString>

#include <vector>

namespace farcell {

// What a kernel can be started with: installed kernelspecs, and the Python environments that are
// found on this machine. Nothing is kept and nothing of an environment is run: every call reads the
// disk. May be used on any thread.
class Environments
{
public:
    // `root`: a folder to look for virtual environments in, beside the home folder.
    explicit Environments(QString root);

    // Kernelspecs first; also environments that lack ipykernel.
    [[nodiscard]] std::vector<api::Environment> all() const;
    // Of everything that can be started.
    [[nodiscard]] std::vector<KernelSpec> specs() const;
    [[nodiscard]] Result<KernelSpec> spec(const QString &name) const; // NotFound names it

private:
    [[nodiscard]] std::vector<api::Environment> found(const std::vector<KernelSpec> &known) const;

    QString m_root;
};

} // namespace farcell
