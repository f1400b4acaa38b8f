// What waits between the thread of a socket and the one that uses its messages.
#include "core/client/socketevents.h"

#include <QTest>

#include <atomic>
#include <thread>

using namespace farcell;

namespace {

SocketEvent message(int number, qsizetype bytes)
{
    SocketEvent event;
    event.message.sequence = static_cast<quint64>(number);
    event.bytes = bytes;
    return event;
}

} // namespace

class TestSocketEvents : public QObject
{
    Q_OBJECT

private slots:
    void keepsTheOrderAndTellsOnce();
    void fullQueueHoldsTheOtherThread();
    void oneLargeEventAlwaysHasRoom();
    void closingFreesTheOtherThread();
};

void TestSocketEvents::keepsTheOrderAndTellsOnce()
{
    SocketEvents events;
    int told = 0;
    for (int i = 1; i <= 3; ++i) {
        bool wakes = false;
        QVERIFY(events.push(message(i, 10), wakes));
        told += wakes ? 1 : 0;
    }

    QCOMPARE(told, 1);
    for (quint64 i = 1; i <= 3; ++i)
        QCOMPARE(events.pop()->message.sequence, i);
    QVERIFY(!events.pop());
    bool wakes = false;
    events.push(message(4, 10), wakes);
    QVERIFY(wakes); // everything had been taken
}

void TestSocketEvents::fullQueueHoldsTheOtherThread()
{
    SocketEvents events;
    constexpr int count = 200;
    constexpr qsizetype bytes = SocketEvents::limit / 10;
    std::atomic<int> pushed = 0;
    std::thread other([&] {
        for (int i = 1; i <= count; ++i) {
            bool wakes = false;
            events.push(message(i, bytes), wakes);
            ++pushed;
        }
    });

    QTRY_COMPARE_WITH_TIMEOUT(pushed.load(), 10, 30000);
    for (quint64 i = 1; i <= count; ++i) {
        QVERIFY(events.bytes() <= SocketEvents::limit);
        std::optional<SocketEvent> event;
        QVERIFY(QTest::qWaitFor([&] { return (event = events.pop()).has_value(); }, 30000));
        QCOMPARE(event->message.sequence, i);
        QVERIFY(pushed.load() <= static_cast<int>(i) + 11); // never further ahead than has room
    }
    other.join();
    QCOMPARE(events.bytes(), qsizetype{0});
}

void TestSocketEvents::oneLargeEventAlwaysHasRoom()
{
    SocketEvents events;
    bool wakes = false;
    QVERIFY(events.push(message(1, 10 * SocketEvents::limit), wakes));
    QCOMPARE(events.pop()->bytes, 10 * SocketEvents::limit);
}

void TestSocketEvents::closingFreesTheOtherThread()
{
    SocketEvents events;
    std::atomic<bool> isIn = false;
    bool isTaken = true;
    std::thread other([&] {
        bool wakes = false;
        events.push(message(1, SocketEvents::limit), wakes);
        isIn = true;
        isTaken = events.push(message(2, 1), wakes);
    });
    QTRY_VERIFY_WITH_TIMEOUT(isIn.load(), 30000);

    events.close();
    other.join();

    QVERIFY(!isTaken);
    bool wakes = false;
    QVERIFY(!events.push(message(3, 1), wakes));
}

QTEST_GUILESS_MAIN(TestSocketEvents)
#include "tst_socketevents.moc"
