//! Listening, and stopping gracefully.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long requests that run may take to end when the platform stops.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until `stop` becomes true, then lets running requests end.
pub(crate) async fn serve(listener: TcpListener, router: axum::Router, mut stop: watch::Receiver<bool>) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut graceful = stop.clone();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        // An error means that the platform is gone, which is a stop too.
        let _ = graceful.wait_for(|stop| *stop).await;
    });
    let deadline = async move {
        let _ = stop.wait_for(|stop| *stop).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = async { server.await } => {
            if let Err(error) = result {
                tracing::error!(%error, "the listener failed");
            }
        }
        () = deadline => tracing::warn!("some requests did not end in time and were cut off"),
    }
}
