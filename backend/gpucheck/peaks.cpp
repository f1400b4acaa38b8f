#include "backend/gpucheck/peaks.h"

#include <QFile>

#include <array>

namespace farcell {

namespace {

// In each clock of each multiprocessor; a multiplication with an addition counts as one. From
// NVIDIA's programming guide and architecture papers. Consumer parts do half of `tensor` when they
// add in fp32; which they are CUDA does not tell.
struct Units
{
    int major, minor;
    int fp32, tensor;
};
constexpr std::array<Units, 9> allUnits = {{{7, 5, 64, 512},
                                            {8, 0, 64, 1024},
                                            {8, 6, 128, 512},
                                            {8, 9, 128, 512},
                                            {9, 0, 128, 2048},
                                            {10, 0, 128, 4096},
                                            {10, 3, 128, 4096},
                                            {12, 0, 128, 512},
                                            {12, 1, 128, 512}}};

std::optional<double> operations(const GpuFigures &device, int Units::*unit)
{
    for (const Units &units : allUnits) {
        if (units.major == device.major && units.minor == device.minor && device.clock > 0)
            return 2.0 * units.*unit * device.processors * device.clock;
    }
    return std::nullopt;
}

QByteArray firstWord(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll().simplified().split(' ').first()
                                          : QByteArray();
}

} // namespace

std::optional<double> peakMemory(const GpuFigures &device)
{
    const double bytes = 2.0 * device.memoryClock * device.busBits / 8; // twice a clock
    return bytes > 0 ? std::optional(bytes) : std::nullopt;
}

std::optional<double> peakFp32(const GpuFigures &device)
{
    return operations(device, &Units::fp32);
}

std::optional<double> peakTensor(const GpuFigures &device)
{
    return operations(device, &Units::tensor);
}

std::optional<double> peakTransfer(const QString &pciId, const QString &devices)
{
    constexpr qsizetype domainDigits = 4; // of NVML's eight
    const QString folder = devices + u'/' +
                           pciId.section(u':', 0, 0).right(domainDigits).toLower() + u':' +
                           pciId.section(u':', 1).toLower();
    const double gigatransfers = firstWord(folder + QStringLiteral("/max_link_speed")).toDouble();
    const double lanes = firstWord(folder + QStringLiteral("/max_link_width")).toDouble();
    constexpr double thirdGeneration = 8;
    const double coding = gigatransfers < thirdGeneration ? 0.8 : 128.0 / 130;
    const double bytes = gigatransfers * 1e9 / 8 * lanes * coding;
    return bytes > 0 ? std::optional(bytes) : std::nullopt;
}

} // namespace farcell
