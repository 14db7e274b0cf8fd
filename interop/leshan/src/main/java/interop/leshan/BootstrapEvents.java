package interop.leshan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.eclipse.leshan.core.peer.LwM2mPeer;
import org.eclipse.leshan.core.request.BootstrapDownlinkRequest;
import org.eclipse.leshan.core.request.BootstrapRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.server.bootstrap.BootstrapFailureCause;
import org.eclipse.leshan.server.bootstrap.BootstrapSession;
import org.eclipse.leshan.server.bootstrap.BootstrapSessionListener;

/** Reports bootstrap sessions: the request, each step with its code, and the outcome. */
final class BootstrapEvents implements BootstrapSessionListener {
    private final Output output;

    BootstrapEvents(Output output) {
        this.output = output;
    }

    @Override
    public void sessionInitiated(BootstrapRequest request, LwM2mPeer client) {
        ContentFormat preferred = request.getPreferredContentFormat();
        output.line(Output.event("bootstrap_request")
                .put("endpoint", request.getEndpointName())
                .put("pct", preferred == null ? null : preferred.getCode())
                .put("psk_identity", Registrations.pskIdentity(client)));
    }

    @Override
    public void unAuthorized(BootstrapRequest request, LwM2mPeer client) {
        output.line(Output.event("bootstrap_failed")
                .put("endpoint", request.getEndpointName())
                .put("cause", BootstrapFailureCause.UNAUTHORIZED.name()));
    }

    @Override
    public void authorized(BootstrapSession session) {}

    /** Followed by {@link #failed}. */
    @Override
    public void noConfig(BootstrapSession session) {}

    @Override
    public void sendRequest(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request) {}

    @Override
    public void onResponseSuccess(
            BootstrapSession session,
            BootstrapDownlinkRequest<? extends LwM2mResponse> request,
            LwM2mResponse response) {
        step(session, request, response);
    }

    @Override
    public void onResponseError(
            BootstrapSession session,
            BootstrapDownlinkRequest<? extends LwM2mResponse> request,
            LwM2mResponse response) {
        step(session, request, response);
    }

    @Override
    public void onRequestFailure(
            BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request, Throwable cause) {
        output.line(step(session, request).put("error", cause.toString()));
    }

    @Override
    public void end(BootstrapSession session) {
        output.line(event("bootstrap_finished", session));
    }

    @Override
    public void failed(BootstrapSession session, BootstrapFailureCause cause) {
        output.line(event("bootstrap_failed", session).put("cause", cause.name()));
    }

    private void step(
            BootstrapSession session,
            BootstrapDownlinkRequest<? extends LwM2mResponse> request,
            LwM2mResponse response) {
        ObjectNode event = step(session, request);
        Answers.describe(response, event);
        output.line(event);
    }

    /** {@code request} is the operation's name: {@code BootstrapWriteRequest} and so on. */
    private static ObjectNode step(
            BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request) {
        return event("bootstrap_step", session)
                .put("request", request.getClass().getSimpleName())
                .put("path", request.getPath() == null ? null : request.getPath().toString());
    }

    private static ObjectNode event(String name, BootstrapSession session) {
        return Output.event(name).put("endpoint", session.getEndpoint());
    }
}
