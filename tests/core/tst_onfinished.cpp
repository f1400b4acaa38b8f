#include "core/base/onfinished.h"

#include <QPromise>
#include <QSemaphore>
#include <QtConcurrentRun>
#include <QTest>
#include <QThreadPool>

#include <memory>

using farcell::onFinished;

class TestOnFinished : public QObject
{
    Q_OBJECT

private slots:
    void runsAtOnceOnItsOwnThread();
    void neverCallsBackFromWithin();
    void doesNotRunWithoutItsContext();
    void doesNotRunWhenCancelled();
    void runsOnTheMainThread();
    void survivesAContextThatEndsMeanwhile();
};

void TestOnFinished::runsAtOnceOnItsOwnThread()
{
    QPromise<int> promise;
    promise.start();
    int got = 0;
    onFinished(promise.future(), this, [&got](int value) { got = value; });

    promise.addResult(42);
    promise.finish();

    QCOMPARE(got, 42);
}

// What is set up after the call is there when the answer comes, however quick that was.
void TestOnFinished::neverCallsBackFromWithin()
{
    QPromise<int> promise;
    promise.start();
    promise.addResult(42);
    promise.finish();
    int got = 0;

    onFinished(promise.future(), this, [&got](int value) { got = value; });

    QCOMPARE(got, 0);
    QTRY_COMPARE(got, 42);
}

void TestOnFinished::doesNotRunWithoutItsContext()
{
    QPromise<int> promise;
    promise.start();
    bool ran = false;
    auto context = std::make_unique<QObject>();
    onFinished(promise.future(), context.get(), [&ran](int) { ran = true; });

    context.reset();
    promise.addResult(1);
    promise.finish();
    QCoreApplication::processEvents();

    QVERIFY(!ran);
}

void TestOnFinished::doesNotRunWhenCancelled()
{
    bool ran = false;
    {
        QPromise<int> promise; // ends without a result
        promise.start();
        onFinished(promise.future(), this, [&ran](int) { ran = true; });
    }
    QCoreApplication::processEvents();

    QVERIFY(!ran);
}

void TestOnFinished::runsOnTheMainThread()
{
    const QThread *where = nullptr;
    onFinished(QtConcurrent::run([] { return 7; }), this,
               [&where](int) { where = QThread::currentThread(); });

    QTRY_COMPARE(where, QThread::currentThread());
}

void TestOnFinished::survivesAContextThatEndsMeanwhile()
{
    for (int i = 0; i < 200; ++i) {
        QSemaphore go;
        auto context = std::make_unique<QObject>();
        bool ran = false;
        onFinished(QtConcurrent::run([&go] {
                       go.acquire();
                       return 1;
                   }),
                   context.get(), [&ran](int) { ran = true; });
        go.release();
        context.reset(); // while the answer is on its way
        QThreadPool::globalInstance()->waitForDone();
        QCoreApplication::processEvents();
        QVERIFY(!ran);
    }
}

QTEST_GUILESS_MAIN(TestOnFinished)
#include "tst_onfinished.moc"
