#include "backend/gpu/gpureader.h"

#include <QCoreApplication>
#include <QFile>

#include <algorithm>
#include <array>
#include <utility>

namespace farcell {

namespace {

using namespace std::chrono_literals;
using nvml::Return;

constexpr auto retryAfter = 5s; // a driver may be loaded, or mended, at any time
constexpr unsigned mostProcesses = 65536;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::gpu", text);
}

bool isGone(Return code)
{
    return code == Return::GpuIsLost || code == Return::ResetRequired;
}

QString describeFailure(Return code)
{
    switch (code) {
    case Return::GpuIsLost:
        return tr("the GPU has fallen off the bus: only a restart of the machine brings it back");
    case Return::ResetRequired:
        return tr("the GPU must be reset before it works again");
    case Return::NoPermission:
        return tr("this user may not use the GPU");
    default:
        return tr("the GPU does not answer (NVML error %1)").arg(int(code));
    }
}

// Jupyter's people read these; NVML has bits (nvmlClocksEventReasons).
QStringList throttleNames(unsigned long long bits)
{
    constexpr std::array names = {std::pair{0x1ULL, "idle"},
                                  std::pair{0x2ULL, "application_clocks"},
                                  std::pair{0x4ULL, "power_cap"},
                                  std::pair{0x8ULL, "hardware_slowdown"},
                                  std::pair{0x10ULL, "sync_boost"},
                                  std::pair{0x20ULL, "software_thermal"},
                                  std::pair{0x40ULL, "hardware_thermal"},
                                  std::pair{0x80ULL, "power_brake"},
                                  std::pair{0x100ULL, "display_clocks"}};
    QStringList list;
    for (const auto &[bit, name] : names) {
        if ((bits & bit) != 0)
            list << QString::fromLatin1(name);
    }
    return list;
}

QString processName(qint64 pid)
{
    QFile file(QStringLiteral("/proc/%1/comm").arg(pid));
    return file.open(QIODevice::ReadOnly) ? QString::fromLocal8Bit(file.readAll()).trimmed()
                                          : QString();
}

} // namespace

template <typename F, typename... Arguments>
bool GpuReader::call(F function, Arguments... arguments)
{
    if (function == nullptr || isGone(m_failure))
        return false;
    const Return code = function(arguments...);
    if (isGone(code))
        m_failure = code;
    return code == Return::Success;
}

template <typename F, typename... Arguments>
std::optional<unsigned> GpuReader::number(F function, nvml::Device handle, Arguments... arguments)
{
    unsigned value = 0;
    return call(function, handle, arguments..., &value) ? std::optional(value) : std::nullopt;
}

template <typename F>
QString GpuReader::text(F function, nvml::Device handle)
{
    std::array<char, nvml::textSize> buffer{};
    const bool isThere = call(function, handle, buffer.data(), unsigned(buffer.size() - 1));
    return isThere ? QString::fromUtf8(buffer.data()) : QString();
}

GpuReader::GpuReader(QString library)
    : m_path(std::move(library))
{}

GpuReader::~GpuReader()
{
    close();
}

void GpuReader::close()
{
    if (m_events != nullptr && m_library->eventSetFree != nullptr)
        static_cast<void>(m_library->eventSetFree(m_events));
    m_events = nullptr;
    m_library.reset();
    m_handles.clear();
}

api::GpuReport GpuReader::read()
{
    api::GpuReport report;
    const auto now = std::chrono::steady_clock::now();
    if (!m_library && now >= m_nextTry) {
        auto opened = NvmlLibrary::open(m_path);
        if (opened) {
            m_library = *std::move(opened);
            m_reason.clear();
        } else {
            m_reason = opened.error().message;
            m_nextTry = now + retryAfter;
        }
    }
    if (!m_library) {
        report.reason = m_reason;
        return report;
    }
    m_failure = Return::Success;
    std::array<char, nvml::textSize> driver{};
    if (call(m_library->systemGetDriverVersion, driver.data(), unsigned(driver.size() - 1)))
        report.driver = QString::fromUtf8(driver.data());
    int cuda = 0;
    if (call(m_library->systemGetCudaDriverVersion, &cuda)) // 12040 is 12.4
        report.cuda = QStringLiteral("%1.%2").arg(cuda / 1000).arg(cuda % 1000 / 10);

    unsigned count = 0;
    const Return counted = m_library->deviceGetCount(&count);
    if (counted != Return::Success) {
        report.reason = describeFailure(counted);
        close(); // and from the start, after a while
        m_reason = report.reason;
        m_nextTry = now + retryAfter;
        return report;
    }
    if (count == 0)
        report.reason = tr("the NVIDIA driver works, but shows no GPU here");
    m_known.resize(std::max<std::size_t>(m_known.size(), count));
    m_xids.resize(m_known.size());
    watchEvents(count);
    takeEvents();
    for (unsigned index = 0; index < count; ++index)
        report.gpus.push_back(readDevice(index));
    return report;
}

api::GpuDevice GpuReader::readDevice(unsigned index)
{
    api::GpuDevice device;
    device.index = int(index);
    Identity &identity = m_known.at(index);
    m_failure = Return::Success;
    nvml::Device handle = nullptr;
    const Return found = m_library->deviceGetHandleByIndex(index, &handle);
    if (found == Return::Success) {
        readIdentity(handle, identity);
        readMemory(handle, device.memory, device.reservedMemory);
        readLoad(handle, device);
        readHealth(handle, device);
        readInstances(handle, device);
        readProcesses(handle, device);
    } else {
        m_failure = found;
    }
    device.uuid = identity.uuid;
    device.name = identity.name;
    device.pciId = identity.pciId;
    device.computeCapability = identity.computeCapability;
    device.lastXid = m_xids.at(index);
    if (m_failure != Return::Success)
        device.error = describeFailure(m_failure);
    return device;
}

void GpuReader::readIdentity(nvml::Device handle, Identity &identity)
{
    if (!identity.uuid.isEmpty()) {
        // Another device may have this number now: one that was lost can be left out.
        const QString uuid = text(m_library->deviceGetUuid, handle);
        if (uuid.isEmpty() || uuid == identity.uuid)
            return;
        identity = {};
    }
    identity.uuid = text(m_library->deviceGetUuid, handle);
    identity.name = text(m_library->deviceGetName, handle);
    nvml::PciInfo pci = {};
    if (call(m_library->deviceGetPciInfo, handle, &pci))
        identity.pciId =
            QString::fromLatin1(pci.busId, qsizetype(qstrnlen(pci.busId, sizeof pci.busId)));
    int major = 0;
    int minor = 0;
    if (call(m_library->deviceGetCudaComputeCapability, handle, &major, &minor))
        identity.computeCapability = QStringLiteral("%1.%2").arg(major).arg(minor);
}

void GpuReader::readMemory(nvml::Device handle, std::optional<api::GpuMemory> &memory,
                           std::optional<qint64> &reserved)
{
    nvml::Memory2 precise = {};
    precise.version = nvml::versionOf(sizeof precise, 2);
    nvml::Memory plain = {};
    if (call(m_library->deviceGetMemoryInfo2, handle, &precise)) {
        memory = {qint64(precise.total), qint64(precise.used), qint64(precise.free)};
        reserved = qint64(precise.reserved);
    } else if (call(m_library->deviceGetMemoryInfo, handle, &plain)) {
        memory = {qint64(plain.total), qint64(plain.used), qint64(plain.free)};
    }
}

void GpuReader::readLoad(nvml::Device handle, api::GpuDevice &device)
{
    const NvmlLibrary &nvml = *m_library;
    nvml::Utilization utilization = {};
    if (call(nvml.deviceGetUtilizationRates, handle, &utilization)) {
        device.gpuUtilization = int(utilization.gpu);
        device.memoryUtilization = int(utilization.memory);
    }
    const auto whole = [](std::optional<unsigned> value) {
        return value ? std::optional(int(*value)) : std::nullopt;
    };
    const auto thousandth = [](std::optional<unsigned> value) {
        return value ? std::optional(double(*value) / 1000) : std::nullopt;
    };
    device.power = thousandth(number(nvml.deviceGetPowerUsage, handle));
    device.powerLimit = thousandth(number(nvml.deviceGetPowerLimit, handle));
    unsigned long long energy = 0;
    if (call(nvml.deviceGetTotalEnergyConsumption, handle, &energy))
        device.energy = double(energy) / 1000;
    device.graphicsClock = whole(number(nvml.deviceGetClockInfo, handle, nvml::clockGraphics));
    device.smClock = whole(number(nvml.deviceGetClockInfo, handle, nvml::clockSm));
    device.memoryClock = whole(number(nvml.deviceGetClockInfo, handle, nvml::clockMemory));
}

void GpuReader::readHealth(nvml::Device handle, api::GpuDevice &device)
{
    const NvmlLibrary &nvml = *m_library;
    if (const auto degrees = number(nvml.deviceGetTemperature, handle, nvml::temperatureGpu))
        device.temperature = int(*degrees);
    unsigned long long reasons = 0;
    if (call(nvml.deviceGetThrottleReasons, handle, &reasons))
        device.throttleReasons = throttleNames(reasons);
    int current = 0;
    int pending = 0;
    if (call(nvml.deviceGetEccMode, handle, &current, &pending))
        device.isEccOn = current != 0;
    const auto errors = [&](int type) {
        unsigned long long value = 0;
        return call(nvml.deviceGetTotalEccErrors, handle, type, nvml::eccVolatile, &value)
                   ? std::optional(qint64(value))
                   : std::nullopt;
    };
    device.ecc = {errors(nvml::eccCorrected), errors(nvml::eccUncorrected)};
}

void GpuReader::readInstances(nvml::Device handle, api::GpuDevice &device)
{
    unsigned current = 0;
    unsigned pending = 0;
    if (!call(m_library->deviceGetMigMode, handle, &current, &pending))
        return;
    device.isMigOn = current != 0;
    const unsigned most =
        current != 0 ? number(m_library->deviceGetMaxMigDeviceCount, handle).value_or(0) : 0;
    for (unsigned index = 0; index < most; ++index) {
        nvml::Device instance = nullptr;
        if (!call(m_library->deviceGetMigDeviceHandleByIndex, handle, index, &instance))
            continue; // there are gaps
        api::MigInstance found;
        found.index = int(index);
        found.uuid = text(m_library->deviceGetUuid, instance);
        found.name = text(m_library->deviceGetName, instance);
        std::optional<qint64> reserved;
        readMemory(instance, found.memory, reserved);
        device.instances.push_back(std::move(found));
    }
}

void GpuReader::readProcesses(nvml::Device handle, api::GpuDevice &device)
{
    std::vector<api::GpuProcess> processes;
    const bool hasCompute = listProcesses(handle, false, processes);
    const bool hasGraphics = listProcesses(handle, true, processes);
    if (hasCompute || hasGraphics)
        device.processes = std::move(processes);
}

bool GpuReader::listProcesses(nvml::Device handle, bool wantsGraphics,
                              std::vector<api::GpuProcess> &processes)
{
    const auto function = wantsGraphics ? m_library->deviceGetGraphicsProcesses
                                        : m_library->deviceGetComputeProcesses;
    const std::size_t entrySize =
        m_library->hasOldProcesses() ? sizeof(nvml::ProcessInfo1) : sizeof(nvml::ProcessInfo);
    if (function == nullptr || isGone(m_failure))
        return false;
    // The list may grow between two calls.
    std::vector<unsigned long long> buffer; // aligned as the entries are
    unsigned count = 32;
    Return code = Return::InsufficientSize;
    while (code == Return::InsufficientSize && count <= mostProcesses) {
        const unsigned room = count;
        buffer.assign(room * entrySize / sizeof(unsigned long long), 0);
        code = function(handle, &count, buffer.data());
        if (code == Return::InsufficientSize)
            count = std::max(count, room) * 2;
    }
    if (isGone(code))
        m_failure = code;
    if (code != Return::Success)
        return false;
    for (unsigned i = 0; i < count; ++i) {
        // Both versions begin alike.
        nvml::ProcessInfo1 entry = {};
        std::copy_n(reinterpret_cast<const char *>(buffer.data()) + i * entrySize, sizeof entry,
                    reinterpret_cast<char *>(&entry));
        const bool isKnown = std::any_of(processes.begin(), processes.end(),
                                         [&](const auto &p) { return p.pid == qint64(entry.pid); });
        if (isKnown)
            continue; // it computes and draws
        api::GpuProcess process;
        process.pid = qint64(entry.pid);
        process.name = processName(process.pid);
        if (entry.usedGpuMemory != nvml::memoryNotAvailable)
            process.memory = qint64(entry.usedGpuMemory);
        processes.push_back(std::move(process));
    }
    return true;
}

// Critical errors are told as they happen; what was before we looked is not.
void GpuReader::watchEvents(unsigned count)
{
    if (m_handles.size() == count || m_library->eventSetWait == nullptr)
        return;
    if (m_events == nullptr && !call(m_library->eventSetCreate, &m_events)) {
        m_events = nullptr;
        return;
    }
    for (auto index = unsigned(m_handles.size()); index < count; ++index) {
        nvml::Device handle = nullptr;
        if (call(m_library->deviceGetHandleByIndex, index, &handle))
            call(m_library->deviceRegisterEvents, handle, nvml::xidEvent, m_events);
        m_handles.push_back(handle);
    }
}

void GpuReader::takeEvents()
{
    if (m_events == nullptr)
        return;
    constexpr int mostAtOnce = 100;
    for (int i = 0; i < mostAtOnce; ++i) {
        nvml::EventData event = {};
        if (m_library->eventSetWait(m_events, &event, 0) != Return::Success)
            return;
        const auto it = std::find(m_handles.begin(), m_handles.end(), event.device);
        if (event.eventType == nvml::xidEvent && it != m_handles.end())
            m_xids.at(std::size_t(it - m_handles.begin())) = int(event.eventData);
    }
}

} // namespace farcell
