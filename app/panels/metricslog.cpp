#include "app/panels/metricslog.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace farcell {

namespace {

constexpr double fineSpan = 600; // s
constexpr double wholeSpan = 24 * 3600;
constexpr double fineStep = 1;
constexpr double coarseStep = 10;
constexpr double leastGap = 15; // s without a sample: nobody looked

constexpr bool isPeak(MetricsLog::Track track)
{
    return track == MetricsLog::Track::Memory || track == MetricsLog::Track::Disk;
}

constexpr bool isPeak(MetricsLog::GpuTrack track)
{
    return track == MetricsLog::GpuTrack::Memory;
}

bool isSameSlot(double a, double b, double step)
{
    return std::floor(a / step) == std::floor(b / step);
}

} // namespace

MetricsLog::Row MetricsLog::rowOf(const api::MetricsSample &sample, double time)
{
    Row row;
    row.time = time;
    const auto put = [](Cell &cell, std::optional<double> value) {
        if (value)
            cell = {*value, 1};
    };
    const auto cell = [&row](Track track) -> Cell & { return row.cells.at(std::size_t(track)); };
    put(cell(Track::Memory), double(sample.machine.memory.used));
    put(cell(Track::Disk), double(sample.machine.disk.used));
    put(cell(Track::Cpu), sample.machine.cpuPercent);
    if (sample.network) {
        put(cell(Track::Received), sample.network->received);
        put(cell(Track::Sent), sample.network->sent);
    }
    for (const api::GpuLoad &load : sample.gpus) {
        Gpu gpu;
        gpu.index = load.index;
        const auto of = [&gpu](GpuTrack track) -> Cell & {
            return gpu.cells.at(std::size_t(track));
        };
        if (load.memory)
            put(of(GpuTrack::Memory), double(load.memory->used));
        put(of(GpuTrack::Load), load.utilization);
        put(of(GpuTrack::Temperature), load.temperature);
        put(of(GpuTrack::Power), load.power);
        row.gpus.push_back(gpu);
    }
    return row;
}

void MetricsLog::merge(Cell &cell, const Cell &more, bool isPeak)
{
    if (more.count == 0)
        return;
    if (cell.count == 0)
        cell = more;
    else if (isPeak)
        cell = {std::max(cell.value, more.value), cell.count + more.count};
    else
        cell = {(cell.value * cell.count + more.value * more.count) / (cell.count + more.count),
                cell.count + more.count};
}

void MetricsLog::merge(Row &row, const Row &more)
{
    for (std::size_t i = 0; i < trackCount; ++i)
        merge(row.cells.at(i), more.cells.at(i), isPeak(Track(i)));
    for (const Gpu &gpu : more.gpus) {
        const auto known = std::find_if(row.gpus.begin(), row.gpus.end(),
                                        [&gpu](const Gpu &k) { return k.index == gpu.index; });
        if (known == row.gpus.end()) {
            row.gpus.push_back(gpu);
            continue;
        }
        for (std::size_t i = 0; i < gpuTrackCount; ++i)
            merge(known->cells.at(i), gpu.cells.at(i), isPeak(GpuTrack(i)));
    }
}

void MetricsLog::add(const api::MetricsSample &sample, double offset)
{
    const double time = sample.time + offset;
    if (time <= m_last)
        return;
    m_last = time;
    const Row row = rowOf(sample, time);
    if (!m_fine.empty() && isSameSlot(m_fine.back().time, time, fineStep))
        merge(m_fine.back(), row);
    else
        m_fine.push_back(row);
    age();
}

void MetricsLog::age()
{
    while (m_fine.size() > 1 && m_fine.front().time < m_last - fineSpan) {
        if (!m_coarse.empty() && isSameSlot(m_coarse.back().time, m_fine.front().time, coarseStep))
            merge(m_coarse.back(), m_fine.front());
        else
            m_coarse.push_back(std::move(m_fine.front()));
        m_fine.pop_front();
    }
    while (!m_coarse.empty() && m_coarse.front().time < m_last - wholeSpan)
        m_coarse.pop_front();
}

void MetricsLog::clear()
{
    m_coarse.clear();
    m_fine.clear();
    m_last = 0;
}

double MetricsLog::firstTime() const
{
    return isEmpty() ? 0 : rowAt(0).time;
}

double MetricsLog::lastTime() const
{
    return m_last;
}

const MetricsLog::Row &MetricsLog::rowAt(std::size_t index) const
{
    return index < m_coarse.size() ? m_coarse[index] : m_fine[index - m_coarse.size()];
}

std::size_t MetricsLog::firstNotBefore(double time) const
{
    std::size_t from = 0, to = size();
    while (from < to) {
        const std::size_t middle = (from + to) / 2;
        if (rowAt(middle).time < time)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

const MetricsLog::Cell *MetricsLog::cellOf(const Row &row, Track track)
{
    const Cell &cell = row.cells.at(std::size_t(track));
    return cell.count > 0 ? &cell : nullptr;
}

const MetricsLog::Cell *MetricsLog::cellOf(const Row &row, int gpu, GpuTrack track)
{
    for (const Gpu &known : row.gpus) {
        const Cell &cell = known.cells.at(std::size_t(track));
        if (known.index == gpu)
            return cell.count > 0 ? &cell : nullptr;
    }
    return nullptr;
}

template <typename Find>
std::vector<MetricsLog::Point> MetricsLog::lineOf(Find find, bool isPeak, double from, double to,
                                                  int most) const
{
    std::vector<Point> points;
    if (isEmpty() || most < 1 || to <= from)
        return points;
    std::size_t first = firstNotBefore(from);
    if (first > 0)
        --first;
    std::size_t end = firstNotBefore(to);
    if (end < size())
        ++end;
    const double step = (to - from) / most;
    Cell cell;
    double slot = 0, begin = 0, last = 0;
    const auto flush = [&] {
        if (cell.count > 0)
            points.push_back({begin, cell.value});
        cell = {};
    };
    for (std::size_t i = first; i < end; ++i) {
        const Row &row = rowAt(i);
        const Cell *found = find(row);
        const double here = std::floor(row.time / step);
        if (cell.count > 0 && (here != slot || !found))
            flush();
        const bool isGap = !found || (last > 0 && row.time - last > std::max(leastGap, 2 * step));
        if (isGap && !points.empty() && !std::isnan(points.back().value))
            points.push_back({last, std::numeric_limits<double>::quiet_NaN()});
        last = row.time;
        if (!found)
            continue;
        if (cell.count == 0) {
            begin = row.time;
            slot = here;
        }
        merge(cell, *found, isPeak);
    }
    flush();
    return points;
}

std::vector<MetricsLog::Point> MetricsLog::line(Track track, double from, double to, int most) const
{
    return lineOf([track](const Row &row) { return cellOf(row, track); }, isPeak(track), from, to,
                  most);
}

std::vector<MetricsLog::Point> MetricsLog::line(int gpu, GpuTrack track, double from, double to,
                                                int most) const
{
    return lineOf([gpu, track](const Row &row) { return cellOf(row, gpu, track); }, isPeak(track),
                  from, to, most);
}

const MetricsLog::Row *MetricsLog::nearest(double time) const
{
    if (isEmpty())
        return nullptr;
    std::size_t index = std::min(firstNotBefore(time), size() - 1);
    if (index > 0 && std::abs(rowAt(index - 1).time - time) < std::abs(rowAt(index).time - time))
        --index;
    const Row &row = rowAt(index);
    return std::abs(row.time - time) <= leastGap ? &row : nullptr;
}

std::optional<double> MetricsLog::at(Track track, double time) const
{
    const Row *row = nearest(time);
    const Cell *cell = row ? cellOf(*row, track) : nullptr;
    return cell ? std::optional(cell->value) : std::nullopt;
}

std::optional<double> MetricsLog::at(int gpu, GpuTrack track, double time) const
{
    const Row *row = nearest(time);
    const Cell *cell = row ? cellOf(*row, gpu, track) : nullptr;
    return cell ? std::optional(cell->value) : std::nullopt;
}

} // namespace farcell
