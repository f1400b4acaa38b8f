#include "app/markdown/mathengine.h"

#include "app/markdown/mathworker.h"

#include <QCoreApplication>

namespace farcell {

namespace {

constexpr qsizetype maxTex = 100'000; // longer "formulas" are a stray dollar sign

QString keyOf(const QString &tex, bool display)
{
    return (display ? QLatin1Char('D') : QLatin1Char('I')) + tex;
}

} // namespace

MathEngine::MathEngine(QObject *parent)
    : QObject(parent)
{}

MathEngine::~MathEngine()
{
    m_thread.requestInterruption();
    m_thread.quit();
    m_thread.wait();
}

void MathEngine::start()
{
    if (m_worker)
        return;
    m_worker = new MathWorker;
    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    // MathJax recurses over a formula's tree; the default stack of a thread is enough for TeX
    // people write, this is for TeX they did not.
    m_thread.setStackSize(8 * 1024 * 1024);
    m_thread.setObjectName(QStringLiteral("math"));
    m_thread.start();
}

const MathResult *MathEngine::typeset(const QString &tex, bool display, QObject *context,
                                      std::function<void(const MathResult &)> ready)
{
    const QString key = keyOf(tex, display);
    const auto known = m_results.constFind(key);
    if (known != m_results.constEnd())
        return &*known;
    if (tex.size() > maxTex) {
        m_results.insert(key, {nullptr, QCoreApplication::translate("farcell::Math",
                                                                    "This formula is too long")});
        return &m_results[key];
    }
    std::vector<Waiting> &waiting = m_waiting[key];
    waiting.push_back({context, std::move(ready)});
    if (waiting.size() > 1)
        return nullptr;
    start();
    auto *worker = static_cast<MathWorker *>(m_worker);
    QMetaObject::invokeMethod(
        worker,
        [this, worker, tex, display, key] {
            if (QThread::currentThread()->isInterruptionRequested())
                return; // closing: do not finish a long queue first
            const MathResult result = worker->typeset(tex, display);
            QMetaObject::invokeMethod(
                this, [this, key, result] { finished(key, result); }, Qt::QueuedConnection);
        },
        Qt::QueuedConnection);
    return nullptr;
}

void MathEngine::finished(const QString &key, const MathResult &result)
{
    m_results.insert(key, result);
    const std::vector<Waiting> waiting = m_waiting.take(key);
    for (const Waiting &item : waiting) {
        if (item.context)
            item.ready(result);
    }
}

} // namespace farcell
