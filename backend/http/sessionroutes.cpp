#include "backend/contents/contents.h"
#include "backend/http/jsonfields.h"
#include "backend/http/kernelmodel.h"
#include "backend/http/services.h"
#include "backend/http/sessionstore.h"

#include <QCoreApplication>
#include <QHash>

#include <memory>

namespace farcell::http {

namespace {

using nlohmann::json;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::http", text);
}

json sessionJson(const Session &session, const std::optional<KernelModel> &kernel)
{
    json object{{"id", session.id.toString().toStdString()},
                {"path", session.path.toStdString()},
                {"name", session.name.toStdString()},
                {"type", session.type.toStdString()},
                {"kernel", kernel ? kernelJson(*kernel) : json(nullptr)}};
    if (session.type == u"notebook")
        object["notebook"] = {{"path", session.path.toStdString()},
                              {"name", session.name.toStdString()}};
    return object;
}

// The calls on /api/sessions. Kernels start and end while we wait, so everything is looked up anew
// afterwards.
class SessionCalls
{
public:
    explicit SessionCalls(Services &services)
        : m_services(services)
    {}

    HttpResponse list()
    {
        dropOrphans();
        json all = json::array();
        for (const Session &session : m_services.sessions.sessions())
            all.push_back(sessionJson(session, m_services.kernels.kernel(session.kernel)));
        return jsonResponse(200, all);
    }

    HttpResponse get(const SessionId &id)
    {
        dropOrphans();
        const auto session = m_services.sessions.find(id);
        return session ? answer(200, *session) : unknown(id);
    }

    QFuture<HttpResponse> create(const HttpRequest &request);
    QFuture<HttpResponse> change(const SessionId &id, const HttpRequest &request);
    QFuture<HttpResponse> remove(const SessionId &id);

private:
    HttpResponse answer(int status, const Session &session) const
    {
        return jsonResponse(status,
                            sessionJson(session, m_services.kernels.kernel(session.kernel)));
    }

    static HttpResponse unknown(const SessionId &id)
    {
        return errorResponse(404, tr("Session not found: session_id=%1").arg(id.toString()));
    }

    // A kernel that cannot be started because its spec is missing is 501 here, as in Jupyter.
    static HttpResponse startFailure(const Error &error)
    {
        if (error.code != ErrorCode::NotFound)
            return errorResponse(error);
        return jsonResponse(501, json{{"message", error.message.toStdString()},
                                      {"short_message", error.message.toStdString()},
                                      {"reason", nullptr}});
    }

    void dropOrphans()
    {
        const QList<Session> sessions = m_services.sessions.sessions();
        for (const Session &session : sessions) {
            if (!m_services.kernels.kernel(session.kernel))
                m_services.sessions.remove(session.id);
        }
    }

    QFuture<HttpResponse> createWith(const Session &wanted, const QString &kernelName,
                                     const KernelWishes &wishes);
    [[nodiscard]] KernelStart startFor(const Session &session, const QString &kernelName,
                                       const KernelWishes &wishes) const;

    Services &m_services;
    QHash<QString, QFuture<HttpResponse>> m_starting; // by path: two at once get one session
};

QFuture<HttpResponse> SessionCalls::create(const HttpRequest &request)
{
    auto fields = JsonFields::parse(request.body);
    if (!fields)
        return ready(errorResponse(fields.error()));
    dropOrphans();
    Session wanted;
    auto notebook = fields->object("notebook"); // Jupyter's older way to say path and name
    const auto path = fields->text("path");
    const auto oldPath = notebook ? notebook->text("path") : std::nullopt;
    const auto type = fields->text("type");
    wanted.name = fields->text("name").value_or(QString());
    auto kernel = fields->object("kernel");
    if (fields->error())
        return ready(errorResponse(*fields->error()));
    if (!path && !oldPath)
        return ready(errorResponse(400, tr("Missing field in JSON data: path")));
    if (!type && !oldPath)
        return ready(errorResponse(400, tr("Missing field in JSON data: type")));
    wanted.path = path.value_or(oldPath.value_or(QString()));
    wanted.type = type.value_or(QStringLiteral("notebook"));

    if (const auto known = m_services.sessions.findPath(wanted.path))
        return ready(answer(201, *known));
    QString kernelName;
    KernelWishes wishes;
    if (kernel) {
        const auto id = kernel->text("id");
        kernelName = kernel->text("name").value_or(QString());
        auto given = kernelWishes(*kernel);
        if (kernel->error() || !given)
            return ready(errorResponse(kernel->error() ? *kernel->error() : given.error()));
        wishes = std::move(*given);
        if (id) {
            if (!m_services.kernels.kernel(KernelId(*id)))
                return ready(errorResponse(404, tr("No such kernel: %1").arg(*id)));
            return ready(answer(201, m_services.sessions.add(wanted.path, wanted.name, wanted.type,
                                                             KernelId(*id))));
        }
    }
    if (const auto other = m_starting.constFind(wanted.path);
        other != m_starting.constEnd() && !other->isFinished())
        return *other;
    QFuture<HttpResponse> started = createWith(wanted, kernelName, wishes);
    if (!started.isFinished())
        m_starting.insert(wanted.path, started);
    return started;
}

KernelStart SessionCalls::startFor(const Session &session, const QString &kernelName,
                                   const KernelWishes &wishes) const
{
    KernelStart start;
    start.name = kernelName;
    start.workingDirectory = m_services.contents.workingDirectory(session.path);
    start.sessionName = session.path;
    start.environment = wishes.environment;
    start.resources = wishes.resources;
    return start;
}

QFuture<HttpResponse> SessionCalls::createWith(const Session &wanted, const QString &kernelName,
                                               const KernelWishes &wishes)
{
    return startKernel(m_services, startFor(wanted, kernelName, wishes))
        .then(&m_services.context, [this, wanted](const Result<KernelModel> &model) {
            m_starting.remove(wanted.path);
            if (!model)
                return startFailure(model.error());
            return answer(
                201, m_services.sessions.add(wanted.path, wanted.name, wanted.type, model->id));
        });
}

QFuture<HttpResponse> SessionCalls::change(const SessionId &id, const HttpRequest &request)
{
    auto fields = JsonFields::parse(request.body);
    if (!fields)
        return ready(errorResponse(fields.error()));
    dropOrphans();
    auto session = m_services.sessions.find(id);
    if (!session)
        return ready(unknown(id));
    session->path = fields->text("path").value_or(session->path);
    session->name = fields->text("name").value_or(session->name);
    session->type = fields->text("type").value_or(session->type);
    auto kernel = fields->object("kernel");
    const auto kernelId = kernel ? kernel->text("id") : std::nullopt;
    const auto kernelName = kernel ? kernel->text("name") : std::nullopt;
    auto wishes = kernel ? kernelWishes(*kernel) : Result<KernelWishes>();
    if (fields->error() || (kernel && kernel->error()))
        return ready(errorResponse(fields->error() ? *fields->error() : *kernel->error()));
    if (!wishes)
        return ready(errorResponse(wishes.error()));

    if (kernelId) {
        if (!m_services.kernels.kernel(KernelId(*kernelId)))
            return ready(errorResponse(400, tr("No such kernel: %1").arg(*kernelId)));
        session->kernel = KernelId(*kernelId);
    } else if (kernelName) {
        return startKernel(m_services, startFor(*session, *kernelName, *wishes))
            .then(&m_services.context,
                  [this, changed = *session](const Result<KernelModel> &model) {
                      if (!model)
                          return startFailure(model.error());
                      Session session = changed;
                      const KernelId old = std::exchange(session.kernel, model->id);
                      // before its kernel ends, or it would end too
                      m_services.sessions.update(session);
                      (void)m_services.kernels.shutdown(old);
                      return answer(200, session);
                  });
    }
    m_services.sessions.update(*session);
    return ready(answer(200, *session));
}

QFuture<HttpResponse> SessionCalls::remove(const SessionId &id)
{
    const auto session = m_services.sessions.find(id);
    if (!session)
        return ready(unknown(id));
    m_services.sessions.remove(id);
    if (!m_services.kernels.kernel(session->kernel))
        return ready(errorResponse(410, tr("Kernel deleted before session")));
    return m_services.kernels.shutdown(session->kernel)
        .then(&m_services.context, [](const Result<> &done) {
            if (!done && done.error().code == ErrorCode::NotFound)
                return errorResponse(410, tr("Kernel deleted before session"));
            return done ? emptyResponse(204) : errorResponse(done.error());
        });
}

SessionId sessionOf(const HttpRequest &request)
{
    return SessionId(request.parameters.value(QStringLiteral("id")));
}

} // namespace

void addSessionRoutes(Router &router, Services &services)
{
    const auto calls = std::make_shared<SessionCalls>(services); // lives as long as the routes
    const QString all = QStringLiteral("/api/sessions");
    const QString one = QStringLiteral("/api/sessions/{id}");
    router.addPlain("GET", all, [calls](const HttpRequest &) { return calls->list(); });
    router.add("POST", all, [calls](const HttpRequest &request) { return calls->create(request); });
    router.addPlain("GET", one,
                    [calls](const HttpRequest &request) { return calls->get(sessionOf(request)); });
    router.add("PATCH", one, [calls](const HttpRequest &request) {
        return calls->change(sessionOf(request), request);
    });
    router.add("DELETE", one,
               [calls](const HttpRequest &request) { return calls->remove(sessionOf(request)); });
}

} // namespace farcell::http
