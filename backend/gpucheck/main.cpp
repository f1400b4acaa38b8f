#include "backend/gpucheck/device.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>

#include <nlohmann/json.hpp>

// farcell-gpu-check PERCENT: tests the first device that CUDA shows it, and prints a JSON object
// for each test, a line each. Started by `farcelld gpu-check`, which judges and explains.
// Exit status: 0 all tests ran, 1 CUDA failed in the middle, 2 usage, 3 no device, or no memory.
namespace {

using nlohmann::json;

constexpr std::size_t mebibyte = 1UL << 20U;

void tell(const json &object)
{
    std::printf("%s\n", object.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    std::fflush(stdout);
}

int attribute(cudaDeviceAttr which)
{
    int value = 0;
    return cudaDeviceGetAttribute(&value, which, 0) == cudaSuccess ? value : 0;
}

// "test" stands before the figures, so that whoever waits knows what is slow.
void run(const char *test, const std::function<json()> &work)
{
    tell({{"begins", test}});
    json result = work();
    result["test"] = test;
    tell(result);
}

json product(const gpucheck::Product &told)
{
    return {{"flops", told.flops},
            {"by", told.isLibrary ? "cuBLAS" : "own kernel"},
            {"size", told.size},
            {"wrong_rows", told.wrongRows}};
}

void runAll(int percent)
{
    std::size_t free = 0;
    std::size_t total = 0;
    gpucheck::require(cudaMemGetInfo(&free, &total), "The device does not tell its memory");
    const std::size_t bandwidthBytes = std::clamp(free / 8, mebibyte, 1024 * mebibyte);
    run("memory", [&] {
        const auto told = gpucheck::measureMemory(bandwidthBytes);
        return json{{"copy", told.copy}, {"read", told.read}, {"write", told.write}};
    });
    run("transfer", [&] {
        const auto told = gpucheck::measureTransfer(std::min(bandwidthBytes, 256 * mebibyte));
        return json{{"to_device", told.toDevice},
                    {"from_device", told.fromDevice},
                    {"wrong_bytes", told.wrongBytes}};
    });
    run("fp32", [] { return product(gpucheck::multiplyFp32()); });
    run("tensor", [] { return product(gpucheck::multiplyTensor()); });
    // Last: it takes the longest.
    gpucheck::require(cudaMemGetInfo(&free, &total), "The device does not tell its memory");
    run("pattern", [&] {
        constexpr std::size_t spare = 64 * mebibyte; // for the driver
        const std::size_t wanted = total / 100 * std::size_t(percent);
        const auto told = gpucheck::testPatterns(std::min(wanted, free - std::min(free, spare)));
        return json{{"bytes", told.bytes},
                    {"patterns", told.patterns},
                    {"wrong_words", told.wrongWords},
                    {"first_offset", told.firstOffset},
                    {"expected", told.expected},
                    {"found", told.found}};
    });
}

} // namespace

int main(int argc, char **argv)
{
    constexpr int usage = 2;
    constexpr int noDevice = 3;
    const int percent = argc == 2 ? std::atoi(argv[1]) : 0;
    if (percent < 1 || percent > 100) {
        std::fprintf(stderr, "farcell-gpu-check is started by farcelld gpu-check\n");
        return usage;
    }
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess || count == 0) {
        tell({{"problem", cudaGetErrorString(error != cudaSuccess ? error : cudaErrorNoDevice)}});
        return noDevice;
    }
    try {
        gpucheck::require(cudaSetDevice(0), "The device cannot be used");
        gpucheck::require(cudaFree(nullptr), "The device cannot be used");
        tell({{"device",
               {{"major", attribute(cudaDevAttrComputeCapabilityMajor)},
                {"minor", attribute(cudaDevAttrComputeCapabilityMinor)},
                {"processors", attribute(cudaDevAttrMultiProcessorCount)},
                {"clock_khz", attribute(cudaDevAttrClockRate)},
                {"memory_clock_khz", attribute(cudaDevAttrMemoryClockRate)},
                {"bus_bits", attribute(cudaDevAttrGlobalMemoryBusWidth)}}}});
        runAll(percent);
    } catch (const gpucheck::CudaError &failure) {
        // Somebody else has it: that says nothing of the device.
        tell({{failure.isWantOfMemory() ? "problem" : "failure", failure.what()}});
        return failure.isWantOfMemory() ? noDevice : EXIT_FAILURE;
    } catch (const std::exception &failure) {
        tell({{"failure", failure.what()}});
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
