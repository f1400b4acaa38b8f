#include "backend/runtimes/metricshistory.h"

#include <QFile>
#include <QLoggingCategory>
#include <QSaveFile>

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace farcell {

namespace {

Q_LOGGING_CATEGORY(lcMetrics, "farcell.metrics")

using nlohmann::json;

constexpr double recentFor = 600; // s
constexpr double spanFor = 10;    // s
constexpr std::size_t mostSpans = 8640;
constexpr std::size_t mostRecent = 700;
constexpr qsizetype mostLines = 2 * qsizetype(mostSpans);

QByteArray rowOf(const api::MetricsSample &sample)
{
    return QByteArray::fromStdString(
        api::toJson(sample).dump(-1, ' ', false, json::error_handler_t::replace));
}

template <typename Read>
auto meanOf(const std::vector<api::MetricsSample> &samples, Read read)
{
    double sum = 0;
    int count = 0;
    for (const api::MetricsSample &sample : samples) {
        if (const std::optional<double> value = read(sample)) {
            sum += *value;
            ++count;
        }
    }
    return count > 0 ? std::optional(sum / count) : std::nullopt;
}

api::MetricsSample summaryOf(const std::vector<api::MetricsSample> &samples)
{
    api::MetricsSample summary = samples.back();
    summary.kernels.clear(); // they come and go: told only of the last minutes
    summary.machine.cpuPercent = meanOf(samples, [](const auto &s) {
                                     return std::optional(s.machine.cpuPercent);
                                 }).value_or(0);
    for (const api::MetricsSample &sample : samples)
        summary.machine.memory.used =
            std::max(summary.machine.memory.used, sample.machine.memory.used);
    const auto rate = [&](double api::NetworkRates::*member) {
        return meanOf(samples, [member](const auto &s) {
            return s.network ? std::optional((*s.network).*member) : std::nullopt;
        });
    };
    const auto received = rate(&api::NetworkRates::received);
    const auto sent = rate(&api::NetworkRates::sent);
    if (received && sent)
        summary.network = {*received, *sent};
    for (std::size_t i = 0; i < summary.gpus.size(); ++i) {
        api::GpuLoad &gpu = summary.gpus[i];
        const auto mean = [&](std::optional<double> api::GpuLoad::*member) {
            return meanOf(samples, [&](const auto &s) {
                return i < s.gpus.size() ? s.gpus[i].*member : std::nullopt;
            });
        };
        gpu.utilization = mean(&api::GpuLoad::utilization);
        gpu.temperature = mean(&api::GpuLoad::temperature);
        gpu.power = mean(&api::GpuLoad::power);
        for (const api::MetricsSample &sample : samples) {
            if (i < sample.gpus.size() && sample.gpus[i].memory &&
                (!gpu.memory || sample.gpus[i].memory->used > gpu.memory->used))
                gpu.memory = sample.gpus[i].memory;
        }
    }
    return summary;
}

double timeOf(const QByteArray &line)
{
    const json row = json::parse(line.begin(), line.end(), nullptr, false);
    return row.is_object() && row.contains("time") && row["time"].is_number()
               ? row["time"].get<double>()
               : 0;
}

} // namespace

MetricsHistory::MetricsHistory(QString file)
    : m_file(std::move(file))
{
    load();
}

void MetricsHistory::load()
{
    QFile file(m_file);
    if (m_file.isEmpty() || !file.open(QIODevice::ReadOnly))
        return;
    constexpr qint64 mostBytes = 256LL * 1024 * 1024; // somebody else's file
    if (file.size() > mostBytes)
        return;
    bool isWhole = true;
    while (!file.atEnd()) {
        QByteArray line = file.readLine();
        isWhole = line.endsWith('\n'); // else it was being written at a crash
        line = line.trimmed();
        ++m_linesInFile;
        const double time = timeOf(line);
        if (time <= (m_spans.empty() ? 0 : m_spans.back().time))
            continue;
        m_spans.push_back({time, line});
        if (m_spans.size() > mostSpans)
            m_spans.pop_front();
    }
    if (!isWhole)
        rewrite(); // or the next line would be lost with it
}

void MetricsHistory::add(const api::MetricsSample &sample)
{
    if (!m_open.empty() && (sample.time - m_open.front().time >= spanFor ||
                            sample.time < m_open.front().time)) // or the clock was set back
        closeSpan();
    m_open.push_back(sample);
    m_recent.push_back({sample.time, rowOf(sample)});
    while (m_recent.size() > mostRecent || m_recent.front().time < sample.time - recentFor)
        m_recent.pop_front();
}

void MetricsHistory::closeSpan()
{
    const api::MetricsSample summary = summaryOf(m_open);
    m_open.clear();
    m_spans.push_back({summary.time, rowOf(summary)});
    if (m_spans.size() > mostSpans)
        m_spans.pop_front();
    append(m_spans.back().json + '\n');
}

void MetricsHistory::append(const QByteArray &line)
{
    if (m_file.isEmpty())
        return;
    if (++m_linesInFile > mostLines) {
        rewrite();
        return;
    }
    QFile file(m_file);
    // Not worth a word to the person when it fails: the history is here all the same.
    if (!file.open(QIODevice::Append) || file.write(line) != line.size())
        qCDebug(lcMetrics) << "cannot write" << m_file << file.errorString();
}

void MetricsHistory::rewrite()
{
    QSaveFile file(m_file);
    if (!file.open(QIODevice::WriteOnly))
        return;
    for (const Row &row : m_spans)
        file.write(row.json + '\n');
    if (file.commit())
        m_linesInFile = qsizetype(m_spans.size());
}

QByteArray MetricsHistory::since(double from) const
{
    const double recentFrom = m_recent.empty() ? 0 : m_recent.front().time;
    QByteArray text = R"({"type":"history","samples":[)";
    bool isFirst = true;
    const auto put = [&](const Row &row) {
        if (row.time <= from)
            return;
        if (!std::exchange(isFirst, false))
            text += ',';
        text += row.json;
    };
    for (const Row &row : m_spans) {
        if (m_recent.empty() || row.time < recentFrom)
            put(row);
    }
    for (const Row &row : m_recent)
        put(row);
    return text + "]}";
}

} // namespace farcell
