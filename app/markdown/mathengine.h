#pragma once

#include "app/markdown/mathpicture.h"

#include <QHash>
#include <QObject>
#include <QPointer>
#include <QThread>

#include <functional>
#include <memory>

namespace farcell {

// A formula's picture, or TeX's complaint about it.
struct MathResult
{
    std::shared_ptr<const MathPicture> picture;
    QString error;
};

// Typesets TeX with MathJax on its own thread; answers are kept in memory and on disk, so that a
// formula costs its 20-60 ms once per computer. Lives on the GUI thread, started at first use.
class MathEngine : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MathEngine)

public:
    explicit MathEngine(QObject *parent = nullptr);
    ~MathEngine() override;

    // The result if it is known already; else null, and `ready` is called on the GUI thread
    // later, unless `context` is gone by then.
    [[nodiscard]] const MathResult *typeset(const QString &tex, bool display, QObject *context,
                                            std::function<void(const MathResult &)> ready);
    [[nodiscard]] int pending() const { return static_cast<int>(m_waiting.size()); }

    // Macros and labels that text cells of one notebook share; `notebook` is any key.
    struct Shared
    {
        QString macros;
        QHash<QString, int> labels;
    };
    [[nodiscard]] Shared &shared(const QString &notebook) { return m_shared[notebook]; }
    void forget(const QString &notebook) { m_shared.remove(notebook); }

private:
    struct Waiting
    {
        QPointer<QObject> context;
        std::function<void(const MathResult &)> ready;
    };
    void finished(const QString &key, const MathResult &result);
    void start();

    QThread m_thread;
    QObject *m_worker = nullptr; // lives on m_thread; deleted when it ends
    QHash<QString, MathResult> m_results;
    QHash<QString, std::vector<Waiting>> m_waiting;
    QHash<QString, Shared> m_shared;
};

} // namespace farcell
