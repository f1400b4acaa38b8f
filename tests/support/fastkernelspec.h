#pragma once

#include <QByteArray>
#include <QDir>
#include <QFile>
#include <QString>
#include <QTemporaryDir>

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace farcell::test {

// Installs kernelspecs that start tests/fastkernel, for as long as it lives, through JUPYTER_PATH.
class FastKernelSpec
{
public:
    explicit FastKernelSpec(QString program)
        : m_program(std::move(program))
        , m_pathBefore(qgetenv("JUPYTER_PATH"))
    {
        install(QStringLiteral("fast"), {{"farcell_transport", "ipc"}});
        install(QStringLiteral("fasttcp"), nlohmann::json::object());
        qputenv("JUPYTER_PATH", QFile::encodeName(m_directory.path()));
    }
    ~FastKernelSpec() { qputenv("JUPYTER_PATH", m_pathBefore); }
    Q_DISABLE_COPY_MOVE(FastKernelSpec)

    void install(const QString &name, const nlohmann::json &metadata,
                 const std::string &interruptMode = "signal",
                 std::vector<std::string> argv = {}) const
    {
        const QString directory = m_directory.filePath(QStringLiteral("kernels/") + name);
        QDir().mkpath(directory);
        if (argv.empty()) {
            argv = {m_program.toStdString(), "{connection_file}"};
        }
        const nlohmann::json spec = {
            {"argv", argv},
            {"display_name", "Fast kernel"},
            {"language", "fast"},
            {"interrupt_mode", interruptMode},
            {"env", {{"FAST_FROM_SPEC", "${PATH}"}}},
            {"metadata", metadata},
        };
        QFile file(directory + QStringLiteral("/kernel.json"));
        if (file.open(QIODevice::WriteOnly)) {
            file.write(QByteArray::fromStdString(spec.dump()));
        }
    }

private:
    QTemporaryDir m_directory;
    QString m_program;
    QByteArray m_pathBefore;
};

} // namespace farcell::test
