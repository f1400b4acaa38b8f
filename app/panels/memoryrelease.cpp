#include "app/panels/memoryrelease.h"

#include "core/base/jsonmembers.h"
#include "core/client/kernelconnection.h"

#include <utility>

namespace farcell {

namespace {

// In a namespace of its own, so that the notebook's is as it was. The frames of an exception hold
// every variable in them; Python keeps the last one in sys, IPython where it formats tracebacks
// and in the result of the last run.
const char *const code = R"(exec('''
import gc, sys
for name in ("last_traceback", "last_value", "last_type", "last_exc"):
    if hasattr(sys, name):
        delattr(sys, name)
shell = get_ipython() if "get_ipython" in globals() else None
formatter = getattr(shell, "InteractiveTB", None)
if getattr(formatter, "tb", None) is not None:
    formatter.tb = None
result = getattr(shell, "last_execution_result", None)
if result is not None:
    result.error_in_exec = result.error_before_exec = None
del shell, formatter, result
gc.collect()
torch = sys.modules.get("torch")
if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
    torch.cuda.empty_cache()
''', {"get_ipython": get_ipython} if "get_ipython" in globals() else {}))";

} // namespace

MemoryRelease::MemoryRelease(const Endpoint &endpoint, const KernelId &kernel, QObject *parent)
    : QObject(parent)
    , m_kernel(kernel)
    , m_connection(std::make_unique<KernelConnection>(endpoint, kernel, QString()))
{
    connect(m_connection.get(), &KernelConnection::infoReceived, this, &MemoryRelease::start);
    connect(m_connection.get(), &KernelConnection::failed, this,
            [this](const Error &error) { end(tl::unexpected(error)); });
    connect(m_connection.get(), &KernelConnection::executeLost, this,
            [this] { end(fail(ErrorCode::Unavailable, tr("The kernel did not answer"))); });
    connect(m_connection.get(), &KernelConnection::messageReceived, this,
            [this](const KernelMessage &message) {
                if (m_request.isEmpty() || message.parentId() != m_request ||
                    message.type() != QLatin1String("execute_reply"))
                    return;
                const QString status = textAt(message.content, "status");
                if (status == QLatin1String("ok"))
                    end({});
                else if (status == QLatin1String("error"))
                    end(fail(ErrorCode::Internal, tr("The kernel could not do it: %1")
                                                      .arg(textAt(message.content, "evalue"))));
                else
                    end(fail(ErrorCode::Unavailable, tr("The kernel ended before it could do it")));
            });
}

MemoryRelease::~MemoryRelease() = default;

void MemoryRelease::start()
{
    if (!m_request.isEmpty())
        return; // the line came back
    const QString language = m_connection->info().languageName;
    if (language.compare(QLatin1String("python"), Qt::CaseInsensitive) != 0) {
        end(fail(ErrorCode::InvalidData,
                 tr("Only Python kernels can do this, and this one runs %1").arg(language)));
        return;
    }
    ExecuteOptions options;
    options.silent = true;
    options.storeHistory = false;
    options.allowStdin = false;
    options.stopOnError = false;
    m_request = m_connection->execute(QString::fromLatin1(code), options);
}

void MemoryRelease::end(const Result<> &result)
{
    if (std::exchange(m_isOver, true))
        return;
    if (result)
        emit done();
    else
        emit failed(result.error());
    deleteLater();
}

} // namespace farcell
