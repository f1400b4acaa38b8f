#pragma once

#include "core/api/gpus.h"
#include "core/api/metrics.h"

#include <QSet>
#include <QString>

#include <vector>

namespace farcell {

// What is wrong with a machine, or soon will be: one sentence with the number. A new one with the
// same key takes the place of the old one.
struct ResourceWarning
{
    QString key;
    QString text;
};

// Notices it, and says each thing once: memory again only after it was well below the mark, GPU
// errors when there is another one. A value; of one machine and one notebook.
class ResourceWarnings
{
public:
    // `kernel`: the notebook's, may be empty; `asksForGpu`: its file says so.
    [[nodiscard]] std::vector<ResourceWarning> look(const api::MetricsSample &sample,
                                                    const QString &kernel, bool asksForGpu);
    [[nodiscard]] std::vector<ResourceWarning> look(const api::GpuReport &report, bool isRunning);
    void forget();

private:
    [[nodiscard]] bool isNew(const QString &key, double used, double total);
    void lookAtUse(std::vector<ResourceWarning> &found, const api::MetricsSample &sample,
                   const QString &kernel, bool asksForGpu);
    void lookAtErrors(std::vector<ResourceWarning> &found, const api::GpuDevice &gpu);
    void lookAtClocks(std::vector<ResourceWarning> &found, const api::GpuDevice &gpu);

    QSet<QString> m_told;
    QSet<QString> m_slowed; // at the last look
    QString m_kernel;
    double m_lastTime = 0;      // of a sample, s
    double m_unusedSeconds = 0; // the notebook's kernel ran and held nothing on a GPU
};

} // namespace farcell
