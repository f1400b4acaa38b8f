#include "backend/gpu/nvmllibrary.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>

#include <dlfcn.h>

namespace farcell {

namespace {

using nvml::Return;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::gpu", text);
}

// Whether the machine has an NVIDIA card at all: PCI vendor 10de, class 03 (display).
bool hasCard()
{
    const QDir devices(QStringLiteral("/sys/bus/pci/devices"));
    const auto startsWith = [&](const QString &name, const char *file, QByteArrayView text) {
        QFile in(devices.filePath(name + u'/' + QLatin1String(file)));
        return in.open(QIODevice::ReadOnly) && in.readAll().startsWith(text);
    };
    for (const QString &name : devices.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        if (startsWith(name, "vendor", "0x10de") && startsWith(name, "class", "0x03"))
            return true;
    }
    return false;
}

QString driverVersion()
{
    QFile file(QStringLiteral("/sys/module/nvidia/version"));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()).trimmed() : QString();
}

// Why there is no library.
QString whyNoLibrary(const QString &path)
{
    if (!path.isEmpty())
        return tr("the NVML library %1 cannot be loaded").arg(path);
    if (!driverVersion().isEmpty())
        return tr("the NVIDIA driver is loaded, but its library libnvidia-ml.so.1 is not here: a "
                  "container must be started with its GPUs, a host needs the driver's packages");
    return hasCard() ? tr("there is an NVIDIA card, but its driver is not installed")
                     : tr("there is no NVIDIA driver on this machine");
}

QString whyNotInitialized(Return code)
{
    switch (code) {
    case Return::DriverNotLoaded:
        return QFile::exists(QStringLiteral("/proc/driver/nvidia")) ||
                       QFile::exists(QStringLiteral("/sys/module/nvidia"))
                   ? tr("the NVIDIA driver is loaded, but its devices are not here: a container "
                        "must be started with its GPUs")
                   : tr("the NVIDIA driver is installed, but not loaded");
    case Return::LibraryMismatch:
        return tr("the NVIDIA driver and its library are of different versions: a restart of the "
                  "machine mends that after an update");
    case Return::NoPermission:
        return tr("this user may not use the NVIDIA devices: see the permissions of /dev/nvidia*");
    default:
        return tr("the NVIDIA driver does not answer (NVML error %1)").arg(int(code));
    }
}

} // namespace

template <typename F>
void NvmlLibrary::find(F &function, std::initializer_list<const char *> names)
{
    for (const char *name : names) {
        function = reinterpret_cast<F>(::dlsym(m_handle, name)); // as dlsym() is meant
        if (function != nullptr)
            return;
    }
}

void NvmlLibrary::load()
{
    find(init, {"nvmlInit_v2", "nvmlInit"});
    find(shutdown, {"nvmlShutdown"});
    find(systemGetDriverVersion, {"nvmlSystemGetDriverVersion"});
    find(systemGetCudaDriverVersion,
         {"nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"});
    find(deviceGetCount, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"});
    find(deviceGetHandleByIndex, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"});
    find(deviceGetName, {"nvmlDeviceGetName"});
    find(deviceGetUuid, {"nvmlDeviceGetUUID"});
    find(deviceGetPciInfo, {"nvmlDeviceGetPciInfo_v3"}); // older ones have another struct
    find(deviceGetCudaComputeCapability, {"nvmlDeviceGetCudaComputeCapability"});
    find(deviceGetMemoryInfo, {"nvmlDeviceGetMemoryInfo"});
    find(deviceGetMemoryInfo2, {"nvmlDeviceGetMemoryInfo_v2"});
    find(deviceGetUtilizationRates, {"nvmlDeviceGetUtilizationRates"});
    find(deviceGetTemperature, {"nvmlDeviceGetTemperature"});
    find(deviceGetPowerUsage, {"nvmlDeviceGetPowerUsage"});
    find(deviceGetPowerLimit,
         {"nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetPowerManagementLimit"});
    find(deviceGetTotalEnergyConsumption, {"nvmlDeviceGetTotalEnergyConsumption"});
    find(deviceGetClockInfo, {"nvmlDeviceGetClockInfo"});
    find(deviceGetThrottleReasons,
         {"nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"});
    find(deviceGetEccMode, {"nvmlDeviceGetEccMode"});
    find(deviceGetTotalEccErrors, {"nvmlDeviceGetTotalEccErrors"});
    find(deviceGetMigMode, {"nvmlDeviceGetMigMode"});
    find(deviceGetMaxMigDeviceCount, {"nvmlDeviceGetMaxMigDeviceCount"});
    find(deviceGetMigDeviceHandleByIndex, {"nvmlDeviceGetMigDeviceHandleByIndex"});
    find(deviceGetComputeProcesses,
         {"nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"});
    find(deviceGetGraphicsProcesses,
         {"nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2"});
    if (deviceGetComputeProcesses == nullptr) {
        m_hasOldProcesses = true;
        find(deviceGetComputeProcesses, {"nvmlDeviceGetComputeRunningProcesses"});
        find(deviceGetGraphicsProcesses, {"nvmlDeviceGetGraphicsRunningProcesses"});
    }
    find(eventSetCreate, {"nvmlEventSetCreate"});
    find(deviceRegisterEvents, {"nvmlDeviceRegisterEvents"});
    find(eventSetWait, {"nvmlEventSetWait_v2"}); // the older one has a shorter struct
    find(eventSetFree, {"nvmlEventSetFree"});
}

Result<std::unique_ptr<NvmlLibrary>> NvmlLibrary::open(const QString &path)
{
    std::unique_ptr<NvmlLibrary> library(new NvmlLibrary);
    const QByteArray file =
        path.isEmpty() ? QByteArray("libnvidia-ml.so.1") : QFile::encodeName(path);
    library->m_handle = ::dlopen(file.constData(), RTLD_NOW | RTLD_LOCAL);
    if (library->m_handle == nullptr)
        return fail(ErrorCode::Unavailable, whyNoLibrary(path),
                    QString::fromLocal8Bit(::dlerror()));
    library->load();
    if (library->init == nullptr || library->deviceGetCount == nullptr ||
        library->deviceGetHandleByIndex == nullptr)
        return fail(ErrorCode::Unavailable,
                    tr("%1 is not NVIDIA's NVML library").arg(QString::fromLocal8Bit(file)));
    const Return code = library->init();
    if (code != Return::Success)
        return fail(ErrorCode::Unavailable, whyNotInitialized(code));
    library->m_isInitialized = true;
    return library;
}

NvmlLibrary::~NvmlLibrary()
{
    if (m_isInitialized && shutdown != nullptr)
        static_cast<void>(shutdown());
    if (m_handle != nullptr)
        ::dlclose(m_handle);
}

} // namespace farcell
