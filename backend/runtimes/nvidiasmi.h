#pragma once

#include "core/base/result.h"

#include <QMutex>
#include <QString>

#include <optional>

namespace farcell {

// The machine's nvidia-smi, and whether kernels find it as /opt/bin/nvidia-smi, as Colab's do.
// They find it there where it already is, else in a namespace of their own (KernelView). May be
// used on any thread.
class NvidiaSmi
{
public:
    struct Options
    {
        QString program;       // empty: the one on PATH
        QString keeperProgram; // tries out namespaces
        bool ownView = true;   // kernels may have a namespace
    };
    // NotFound when the chosen program is none.
    [[nodiscard]] static Result<> check(const QString &program);
    explicit NvidiaSmi(Options options);

    [[nodiscard]] const QString &path() const { return m_path; } // empty: there is none
    // What a kernel's namespace must add; empty: nothing.
    [[nodiscard]] QString toAdd() const;
    // Why kernels do not find it, one sentence; empty if they do. The first call starts a program
    // and waits for it.
    [[nodiscard]] QString whyAbsent();

private:
    Options m_options;
    QString m_path;
    QMutex m_mutex;
    std::optional<QString> m_whyAbsent;
};

} // namespace farcell
