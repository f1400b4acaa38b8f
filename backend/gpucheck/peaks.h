#pragma once

#include <QString>

#include <optional>

namespace farcell {

// What a device can do at best by its data sheet, from what CUDA tells of it. Empty where that is
// not known.
struct GpuFigures
{
    int major = 0, minor = 0; // compute capability
    int processors = 0;       // streaming multiprocessors
    double clock = 0;         // Hz, at most
    double memoryClock = 0;   // Hz
    int busBits = 0;
};
[[nodiscard]] std::optional<double> peakMemory(const GpuFigures &device); // bytes/s
[[nodiscard]] std::optional<double> peakFp32(const GpuFigures &device);   // operations/s
[[nodiscard]] std::optional<double> peakTensor(const GpuFigures &device); // fp16, without sparsity
// Bytes/s one way, by the link that /sys tells of; `pciId` as NVML writes it.
[[nodiscard]] std::optional<double>
peakTransfer(const QString &pciId, const QString &devices = QStringLiteral("/sys/bus/pci/devices"));

} // namespace farcell
