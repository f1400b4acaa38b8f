#pragma once

#include "backend/gpu/nvmllibrary.h"
#include "core/api/gpus.h"

#include <QString>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace farcell {

// Looks at all GPUs through NVML. One call that fails leaves its value empty; a device that is
// lost leaves the others as they are. May block for as long as the driver does; used on one
// thread.
class GpuReader
{
public:
    // `library`: another one than the system's NVML, for tests.
    explicit GpuReader(QString library = {});
    ~GpuReader();
    Q_DISABLE_COPY_MOVE(GpuReader)

    [[nodiscard]] api::GpuReport read();

private:
    struct Identity // what never changes
    {
        QString uuid, name, pciId, computeCapability;
    };

    [[nodiscard]] api::GpuDevice readDevice(unsigned index);
    void readIdentity(nvml::Device handle, Identity &identity);
    void readMemory(nvml::Device handle, std::optional<api::GpuMemory> &memory,
                    std::optional<qint64> &reserved);
    void readLoad(nvml::Device handle, api::GpuDevice &device);
    void readHealth(nvml::Device handle, api::GpuDevice &device);
    void readInstances(nvml::Device handle, api::GpuDevice &device);
    void readProcesses(nvml::Device handle, api::GpuDevice &device);
    bool listProcesses(nvml::Device handle, bool wantsGraphics,
                       std::vector<api::GpuProcess> &processes);
    void watchEvents(unsigned count);
    void takeEvents();
    void close();

    // Calls it if it is there: true on success. Remembers that a device is lost.
    template <typename F, typename... Arguments>
    bool call(F function, Arguments... arguments);
    template <typename F, typename... Arguments>
    std::optional<unsigned> number(F function, nvml::Device handle, Arguments... arguments);
    template <typename F>
    QString text(F function, nvml::Device handle);

    QString m_path;
    std::unique_ptr<NvmlLibrary> m_library;
    nvml::EventSet m_events = nullptr;
    QString m_reason;
    std::chrono::steady_clock::time_point m_nextTry;
    std::vector<Identity> m_known;                  // by index
    std::vector<nvml::Device> m_handles;            // by index, as events name them
    std::vector<std::optional<int>> m_xids;         // by index
    nvml::Return m_failure = nvml::Return::Success; // of the device that is being read
};

} // namespace farcell
