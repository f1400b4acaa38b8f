#pragma once

#include "core/api/metrics.h"

#include <QByteArray>
#include <QString>

#include <deque>

namespace farcell {

// The last 24 hours of a machine: each second of the last ten minutes, and before that ten seconds
// at a time (means of loads and rates, the most of memory). Those are also in a file, one JSON
// object a line, which outlives the server. Bounded: about 9,240 rows here, twice as many there.
class MetricsHistory
{
public:
    explicit MetricsHistory(QString file); // empty: none

    void add(const api::MetricsSample &sample); // about one a second, times rise
    // {"type": "history", "samples": […]}: everything after `from` (Unix, s), in order.
    [[nodiscard]] QByteArray since(double from) const;

private:
    struct Row
    {
        double time = 0;
        QByteArray json;
    };
    void load();
    void closeSpan();
    void append(const QByteArray &line);
    void rewrite();

    QString m_file;
    std::deque<Row> m_recent; // of seconds
    std::deque<Row> m_spans;
    std::vector<api::MetricsSample> m_open; // of the span that is not over
    qsizetype m_linesInFile = 0;
};

} // namespace farcell
