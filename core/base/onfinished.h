#pragma once

#include <QCoreApplication>
#include <QFuture>
#include <QPointer>
#include <QThread>

#include <memory>
#include <utility>

namespace farcell {

// Calls `use(result)` on the main thread once `future` has its result, and not at all if `context`
// is gone by then or the future was cancelled. Never before this returns; else at once where the
// result is set on that thread. Call it on the main thread, where `context` lives. In place of
// QFuture::then(context, …), which asserts in Qt 6.4 when the answer comes after the context's end,
// and calls back from within when a pool was quick.
template <typename T, typename F>
void onFinished(QFuture<T> future, QObject *context, F use)
{
    QThread *home = QThread::currentThread();
    Q_ASSERT(context && context->thread() == home);
    const auto hasReturned = std::make_shared<bool>(false); // used at home only
    future.then([home, hasReturned, context = QPointer<QObject>(context),
                 use = std::move(use)](const T &result) mutable {
        if (QThread::currentThread() == home && *hasReturned) {
            if (context)
                use(result);
            return;
        }
        // The context may end at any moment there: only its own thread may look.
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [context, use = std::move(use), result]() mutable {
                if (context)
                    use(result);
            },
            Qt::QueuedConnection);
    });
    *hasReturned = true;
}

} // namespace farcell
