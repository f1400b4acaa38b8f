#pragma once

#include "core/base/result.h"

#include <QString>

#include <memory>

namespace farcell {

// The folder that holds what outlives the server: made with mode 0700, and locked while we live, so
// that two servers never share it. The lock goes with the process, however that ends.
class StateDirectory
{
    Q_DISABLE_COPY_MOVE(StateDirectory)

public:
    static Result<std::unique_ptr<StateDirectory>> open(const QString &path);
    ~StateDirectory();

    [[nodiscard]] const QString &path() const { return m_path; }

private:
    StateDirectory(QString path, int lock);

    QString m_path;
    int m_lock;
};

} // namespace farcell
