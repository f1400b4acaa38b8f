#pragma once

#include <QByteArray>
#include <QFile>
#include <QTemporaryDir>

#include <nlohmann/json.hpp>

namespace farcell::test {

// The GPUs that tests/support/fakenvml shows to this process and those it starts.
class FakeGpus
{
public:
    FakeGpus()
    {
        qputenv("FARCELL_FAKE_NVML", QFile::encodeName(m_file));
        write();
    }
    ~FakeGpus() { qunsetenv("FARCELL_FAKE_NVML"); }
    Q_DISABLE_COPY_MOVE(FakeGpus)

    // A device as an H100 tells of itself; figures of NVML, in its units.
    static nlohmann::json h100(int index)
    {
        const long long gib = 1LL << 30;
        return {{"name", "NVIDIA H100 80GB HBM3"},
                {"uuid", "GPU-00000000-0000-0000-0000-00000000000" + std::to_string(index)},
                {"pci", "00000000:0" + std::to_string(index) + ":00.0"},
                {"capability", {9, 0}},
                {"memory",
                 {{"total", 80 * gib}, {"reserved", gib}, {"used", 11 * gib}, {"free", 68 * gib}}},
                {"utilization", {93, 41}},
                {"temperature", 54},
                {"power", 412500},
                {"limit", 700000},
                {"energy", 9800000},
                {"clocks", {1980, 1980, 2619}},
                {"throttle", 0},
                {"ecc", {1, 0, 0}},
                {"processes", nlohmann::json::array()}};
    }

    // Takes effect at the next look.
    void write() const
    {
        // A new file at once: a reader never sees half of it.
        QFile file(m_file + QStringLiteral(".new"));
        (void)file.open(QIODevice::WriteOnly | QIODevice::Truncate);
        file.write(QByteArray::fromStdString(state.dump()));
        file.close();
        (void)::rename(QFile::encodeName(file.fileName()).constData(),
                       QFile::encodeName(m_file).constData());
    }

    nlohmann::json state = {{"driver", "550.54.15"},
                            {"cuda", 12040},
                            {"gpus", nlohmann::json::array({h100(0), h100(1)})}};

private:
    QTemporaryDir m_folder;
    QString m_file = m_folder.filePath(QStringLiteral("gpus.json"));
};

} // namespace farcell::test
