#pragma once

#include <QCoreApplication>
#include <QFuture>
#include <QPointer>
#include <QThread>

#include <utility>

namespace farcell {

// Calls `use(result)` on the main thread once `future` has its result, and not at all if `context`
// is gone by then or the future was cancelled. At once where the result is set on that thread.
// Call it on the main thread, where `context` lives. In place of QFuture::then(context, …), which
// asserts in Qt 6.4 when the answer comes after the context's end.
template <typename T, typename F>
void onFinished(QFuture<T> future, QObject *context, F use)
{
    Q_ASSERT(context && context->thread() == QThread::currentThread());
    future.then([home = QThread::currentThread(), context = QPointer<QObject>(context),
                 use = std::move(use)](const T &result) mutable {
        if (QThread::currentThread() == home) {
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
}

} // namespace farcell
