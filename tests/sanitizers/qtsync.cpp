// Tells the thread sanitizer what Qt orders. Qt itself is not instrumented, so the sanitizer does
// not see the mutexes inside it, and whatever one thread hands to another through invokeMethod(), a
// thread pool or a continuation looks like a race. The functions below stand in front of Qt's own:
// each notes the hand-over and calls Qt's. Linked only into builds for the thread sanitizer.
#include <QFutureInterface>
#include <QObject>
#include <QRunnable>
#include <QThreadPool>

#include <atomic>
#include <functional>
#include <utility>

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

namespace {

// Qt's function behind ours; methods take their object first.
template <typename Function>
Function *qtFunction(const char *mangledName)
{
    return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, mangledName));
}

// Holds a function that one thread gives away and another calls or destroys. Each of these sees all
// that was done to it before, as with the locks that Qt has inside.
template <typename... Arguments>
class HandOver
{
public:
    explicit HandOver(std::function<void(Arguments...)> function)
        : m_shared(new Shared{std::move(function)})
    {
        __tsan_release(m_shared);
    }
    HandOver(const HandOver &other) // also into the place where Qt keeps it
        : m_shared(other.m_shared)
    {
        ++m_shared->references;
        __tsan_release(m_shared);
    }
    ~HandOver()
    {
        __tsan_acquire(m_shared);
        __tsan_release(m_shared);
        if (--m_shared->references == 0)
            delete m_shared;
    }
    HandOver &operator=(const HandOver &) = delete;

    void operator()(Arguments... arguments) const
    {
        __tsan_acquire(m_shared);
        m_shared->function(arguments...);
    }

private:
    struct Shared
    {
        std::function<void(Arguments...)> function;
        std::atomic<int> references = 1;
    };
    Shared *m_shared;
};

template <typename... Arguments>
std::function<void(Arguments...)> synced(std::function<void(Arguments...)> function)
{
    return HandOver<Arguments...>(std::move(function));
}

class SyncedSlot : public QtPrivate::QSlotObjectBase
{
public:
    explicit SyncedSlot(QtPrivate::QSlotObjectBase *slot)
        : QSlotObjectBase(&run)
        , m_slot(slot)
    {
        __tsan_release(this);
    }

private:
    static void run(int which, QSlotObjectBase *base, QObject *receiver, void **arguments, bool *)
    {
        auto *const slot = static_cast<SyncedSlot *>(base);
        __tsan_acquire(slot);
        if (which == Call) {
            slot->m_slot->call(receiver, arguments);
            __tsan_release(slot); // the sender may be the one that destroys it
        } else if (which == Destroy) {
            slot->m_slot->destroyIfLastRef();
            delete slot;
        }
    }

    QtPrivate::QSlotObjectBase *m_slot;
};

class SyncedRunnable : public QRunnable
{
public:
    SyncedRunnable(QThreadPool *pool, QRunnable *runnable)
        : m_pool(pool)
        , m_runnable(runnable)
        , m_isOwner(runnable->autoDelete())
    {
        __tsan_release(this);
    }
    ~SyncedRunnable() override
    {
        if (m_isOwner)
            delete m_runnable;
        __tsan_release(m_pool);
    }
    Q_DISABLE_COPY_MOVE(SyncedRunnable)

    void run() override
    {
        __tsan_acquire(this);
        m_runnable->run();
    }

private:
    QThreadPool *m_pool;
    QRunnable *m_runnable;
    bool m_isOwner;
};

} // namespace

// Also where a program is started without our environment, as on a host over SSH.
extern "C" const char *__tsan_default_options()
{
    return "die_after_fork=0:ignore_noninstrumented_modules=1";
}

bool QMetaObject::invokeMethodImpl(QObject *object, QtPrivate::QSlotObjectBase *slot,
                                   Qt::ConnectionType type, void *result)
{
    static const auto qt =
        qtFunction<bool(QObject *, QtPrivate::QSlotObjectBase *, Qt::ConnectionType, void *)>(
            "_ZN11QMetaObject16invokeMethodImplEP7QObjectPN9QtPrivate15QSlotObjectBaseEN2Qt14Connec"
            "tionTypeEPv");
    return qt(object, new SyncedSlot(slot), type, result);
}

void QThreadPool::start(QRunnable *runnable, int priority)
{
    static const auto qt =
        qtFunction<void(QThreadPool *, QRunnable *, int)>("_ZN11QThreadPool5startEP9QRunnablei");
    qt(this, new SyncedRunnable(this, runnable), priority);
}

void QThreadPool::start(std::function<void()> function, int priority)
{
    start(QRunnable::create(std::move(function)), priority);
}

bool QThreadPool::waitForDone(int milliseconds)
{
    static const auto qt = qtFunction<bool(QThreadPool *, int)>("_ZN11QThreadPool11waitForDoneEi");
    const bool isDone = qt(this, milliseconds);
    __tsan_acquire(this);
    return isDone;
}

void QFutureInterfaceBase::setContinuation(std::function<void(const QFutureInterfaceBase &)> next)
{
    setContinuation(std::move(next), nullptr);
}

void QFutureInterfaceBase::setContinuation(std::function<void(const QFutureInterfaceBase &)> next,
                                           QFutureInterfaceBasePrivate *nextData)
{
    using Next = std::function<void(const QFutureInterfaceBase &)>;
    static const auto qt =
        qtFunction<void(QFutureInterfaceBase *, Next, QFutureInterfaceBasePrivate *)>(
            "_ZN20QFutureInterfaceBase15setContinuationESt8functionIFvRKS_EEP27"
            "QFutureInterfaceBasePrivate");
    qt(this, synced(std::move(next)), nextData);
}

// Whoever drops a future last destroys its results, which another thread may have put there.
bool QFutureInterfaceBase::derefT() const noexcept
{
    static const auto qt =
        qtFunction<bool(const QFutureInterfaceBase *)>("_ZNK20QFutureInterfaceBase6derefTEv");
    void *const shared = d;
    __tsan_release(shared);
    const bool isStillUsed = qt(this);
    __tsan_acquire(shared);
    return isStillUsed;
}
