#pragma once

#include "core/api/metrics.h"

#include <array>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

namespace farcell {

// What a machine did over the last 24 hours, for drawing: a point each second of the last ten
// minutes, and before that each ten seconds. Memory keeps its highest value of such a time, loads
// and rates their mean. A value; bounded to a few megabytes.
class MetricsLog
{
public:
    enum class Track
    {
        Memory, // bytes
        Disk,   // bytes
        Cpu,    // %
        Received,
        Sent // bytes per second
    };
    enum class GpuTrack
    {
        Memory,      // bytes
        Load,        // %
        Temperature, // °C
        Power        // W
    };
    static constexpr std::size_t trackCount = 5;
    static constexpr std::size_t gpuTrackCount = 4;

    struct Point
    {
        double time = 0;                                         // Unix, s
        double value = std::numeric_limits<double>::quiet_NaN(); // NaN: not known
    };

    // Samples that are not newer than the last one are dropped: it is here already. `offset` is
    // added to their times.
    void add(const api::MetricsSample &sample, double offset = 0);
    void clear();
    [[nodiscard]] bool isEmpty() const { return m_fine.empty() && m_coarse.empty(); }
    [[nodiscard]] double firstTime() const; // 0 while empty
    [[nodiscard]] double lastTime() const;
    [[nodiscard]] std::size_t size() const { return m_fine.size() + m_coarse.size(); }

    // At most `most` points between two times, oldest first; one more before and after them, so
    // that a line reaches the edges. A gap is a point without a value.
    [[nodiscard]] std::vector<Point> line(Track track, double from, double to, int most) const;
    [[nodiscard]] std::vector<Point> line(int gpu, GpuTrack track, double from, double to,
                                          int most) const;
    // The value at the point nearest to a time; nothing where nothing was told.
    [[nodiscard]] std::optional<double> at(Track track, double time) const;
    [[nodiscard]] std::optional<double> at(int gpu, GpuTrack track, double time) const;

private:
    struct Cell // one value, and of how many samples it is
    {
        double value = 0;
        double count = 0; // 0: not known
    };
    struct Gpu
    {
        int index = 0;
        std::array<Cell, gpuTrackCount> cells{};
    };
    struct Row
    {
        double time = 0; // of its first sample
        std::array<Cell, trackCount> cells{};
        std::vector<Gpu> gpus;
    };

    [[nodiscard]] static Row rowOf(const api::MetricsSample &sample, double time);
    static void merge(Cell &cell, const Cell &more, bool isPeak);
    static void merge(Row &row, const Row &more);
    void age();
    [[nodiscard]] static const Cell *cellOf(const Row &row, Track track);
    [[nodiscard]] static const Cell *cellOf(const Row &row, int gpu, GpuTrack track);
    template <typename Find>
    [[nodiscard]] std::vector<Point> lineOf(Find find, bool isPeak, double from, double to,
                                            int most) const;
    [[nodiscard]] const Row *nearest(double time) const;
    [[nodiscard]] const Row &rowAt(std::size_t index) const;
    [[nodiscard]] std::size_t firstNotBefore(double time) const;

    std::deque<Row> m_coarse, m_fine; // oldest first, coarse before fine
    double m_last = 0;                // of the newest sample
};

} // namespace farcell
