#pragma once

#include <QDateTime>
#include <QString>

#include <nlohmann/json_fwd.hpp>

#include <chrono>

namespace farcell {

class NotebookDocument;
struct KernelMessage;

// When one execution was asked for, ran and ended, in the words of the file's own dialect.
class ExecutionTimes
{
public:
    enum class Dialect
    {
        None,
        JupyterLab,
        Colab
    };

    // What the cells of this notebook already carry.
    static Dialect dialectOf(const NotebookDocument &document);

    void note(const KernelMessage &message); // status, execute_input and execute_reply of the run
    // Metadata to merge into the cell; null when the dialect writes nothing.
    [[nodiscard]] nlohmann::ordered_json patch(Dialect dialect, bool ok, const QDateTime &endedAt,
                                               std::chrono::milliseconds elapsed) const;

private:
    QString m_busy, m_input, m_replyStarted, m_reply, m_idle; // as the kernel wrote them
};

} // namespace farcell
